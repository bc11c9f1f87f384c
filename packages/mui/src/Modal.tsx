import Dialog, { type DialogProps } from '@mui/material/Dialog'
import Drawer from '@mui/material/Drawer'
import type { JSX, ReactNode } from 'react'

/** What every dialog has. */
export interface ModalProps {
  readonly open: boolean
  readonly onClose: () => void
  /** @default what is done, and the stream's label */
  readonly title?: ReactNode
  /** @default 'sm' */
  readonly maxWidth?: DialogProps['maxWidth']
  /** In the middle of the page, or at its side. @default 'dialog' */
  readonly variant?: 'dialog' | 'drawer' | undefined
}

interface FrameProps extends Pick<ModalProps, 'open' | 'onClose' | 'maxWidth' | 'variant'> {
  readonly titleId: string
  readonly children: ReactNode
}

/** What a dialog stands in: in the middle of the page, or at its side. */
export function Modal({
  open,
  onClose,
  maxWidth = 'sm',
  variant = 'dialog',
  titleId,
  children,
}: FrameProps): JSX.Element {
  if (variant === 'dialog')
    return (
      <Dialog open={open} onClose={onClose} fullWidth maxWidth={maxWidth} aria-labelledby={titleId} sx={AT_THE_TOP}>
        {children}
      </Dialog>
    )
  const paper = {
    role: 'dialog',
    'aria-modal': true,
    'aria-labelledby': titleId,
    sx: { width: { xs: '100%', sm: 480 } },
  }
  return (
    <Drawer open={open} anchor="right" onClose={onClose} slotProps={{ paper }}>
      {children}
    </Drawer>
  )
}

/** What is in it is loaded, and grows: downwards, so that the title stays where it is. */
const AT_THE_TOP = {
  '& .MuiDialog-container': { alignItems: 'flex-start' },
  // As MUI has it where no form stands between the two.
  '& .MuiDialogTitle-root + form > .MuiDialogContent-root': { pt: 0 },
} as const
