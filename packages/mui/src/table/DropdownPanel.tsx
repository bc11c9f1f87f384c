import Popover from '@mui/material/Popover'
import { useTheme } from '@mui/material/styles'
import type { JSX, ReactNode } from 'react'

interface DropdownPanelProps {
  readonly isOpen: boolean
  readonly anchor: () => Element | null
  readonly onClose: () => void
  readonly children: ReactNode
}

/** What stands below an element, at the side from which it is read. */
export default function DropdownPanel({ isOpen, anchor, onClose, children }: DropdownPanelProps): JSX.Element {
  const horizontal = useTheme().direction === 'rtl' ? 'right' : 'left'
  return (
    <Popover
      open={isOpen}
      anchorEl={anchor as () => Element}
      onClose={onClose}
      anchorOrigin={{ vertical: 'bottom', horizontal }}
      transformOrigin={{ vertical: 'top', horizontal }}
    >
      {children}
    </Popover>
  )
}
