import IconButton from '@mui/material/IconButton'
import { type JSX, lazy, Suspense, useState } from 'react'
import { DisplayIcon } from '../icons'

const DisplayChoices = lazy(() => import('./DisplayChoices'))

/** High contrast, and the page from right to left, as Arabic and Hebrew are read. */
export function DisplayMenu(): JSX.Element {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const [wasOpen, setWasOpen] = useState(false)
  const open = (button: HTMLElement): void => {
    setAnchor(button)
    setWasOpen(true)
  }
  return (
    <>
      <IconButton
        title="Display"
        aria-label="Display"
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={event => open(event.currentTarget)}
      >
        <DisplayIcon />
      </IconButton>
      {wasOpen && (
        <Suspense>
          <DisplayChoices anchor={anchor} onClose={() => setAnchor(null)} />
        </Suspense>
      )}
    </>
  )
}
