import Button from '@mui/material/Button'
import { type JSX, type ReactNode, Suspense, useRef, useState } from 'react'
import { late } from '../late.js'

const DropdownPanel = late(() => import('./DropdownPanel.js').then(found => found.default))

interface DropdownProps {
  readonly label: ReactNode
  readonly disabled?: boolean
  readonly children: ReactNode
}

/** A button with something below it, which is loaded when it is opened first. */
export function Dropdown({ label, disabled = false, children }: DropdownProps): JSX.Element {
  const anchor = useRef<HTMLButtonElement>(null)
  const [isOpen, setOpen] = useState(false)
  const [wasOpen, setWasOpen] = useState(false)
  const open = (): void => {
    setOpen(true)
    setWasOpen(true)
  }
  return (
    <>
      <Button
        ref={anchor}
        size="small"
        sx={{ minWidth: 0, px: 1.25 }}
        disabled={disabled}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={open}
      >
        {label}
      </Button>
      {wasOpen && (
        <Suspense>
          <DropdownPanel isOpen={isOpen} anchor={() => anchor.current} onClose={() => setOpen(false)}>
            {children}
          </DropdownPanel>
        </Suspense>
      )}
    </>
  )
}
