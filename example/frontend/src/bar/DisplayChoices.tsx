import ListItemIcon from '@mui/material/ListItemIcon'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import type { JSX } from 'react'
import { CheckedIcon, UncheckedIcon } from '../icons'
import { type Look, setLook, useLook } from '../look/look'

const CHOICES: readonly (readonly [keyof Look, string])[] = [
  ['hasHighContrast', 'High contrast'],
  ['isRightToLeft', 'Right to left'],
]

interface DisplayChoicesProps {
  readonly anchor: HTMLElement | null
  readonly onClose: () => void
}

/** What can be chosen about how the page looks, beside light and dark. */
export default function DisplayChoices({ anchor, onClose }: DisplayChoicesProps): JSX.Element {
  const look = useLook()
  return (
    <Menu open={anchor !== null} anchorEl={anchor} onClose={onClose}>
      {CHOICES.map(([name, text]) => (
        <MenuItem
          key={name}
          role="menuitemcheckbox"
          aria-checked={look[name]}
          onClick={() => {
            onClose()
            setLook({ [name]: !look[name] })
          }}
        >
          <ListItemIcon>{look[name] ? <CheckedIcon /> : <UncheckedIcon />}</ListItemIcon>
          {text}
        </MenuItem>
      ))}
    </Menu>
  )
}
