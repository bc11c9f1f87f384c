import Button from '@mui/material/Button'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import Popover from '@mui/material/Popover'
import { type JSX, type ReactNode, useRef, useState } from 'react'

/** A button with something below it. */
export function Dropdown({
  label,
  children,
}: {
  readonly label: ReactNode
  readonly children: ReactNode
}): JSX.Element {
  const anchor = useRef<HTMLButtonElement>(null)
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button ref={anchor} size="small" aria-haspopup="dialog" aria-expanded={isOpen} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Popover
        open={isOpen}
        anchorEl={() => anchor.current as HTMLButtonElement}
        onClose={() => setOpen(false)}
        anchorOrigin={{ vertical: 'bottom', horizontal: 'left' }}
      >
        {children}
      </Popover>
    </>
  )
}

/** A button with a menu below it. */
export function MenuButton({
  label,
  items,
}: {
  readonly label: ReactNode
  readonly items: readonly (readonly [label: string, act: () => void])[]
}): JSX.Element {
  const anchor = useRef<HTMLButtonElement>(null)
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button ref={anchor} size="small" aria-haspopup="menu" aria-expanded={isOpen} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Menu open={isOpen} anchorEl={() => anchor.current as HTMLButtonElement} onClose={() => setOpen(false)}>
        {items.map(([text, act]) => (
          <MenuItem
            key={text}
            onClick={() => {
              setOpen(false)
              act()
            }}
          >
            {text}
          </MenuItem>
        ))}
      </Menu>
    </>
  )
}
