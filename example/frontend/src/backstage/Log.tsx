import Stack from '@mui/material/Stack'
import type { JSX, ReactNode } from 'react'

/** Lines that scroll, by keyboard too; no live region, since they may come many times a second. */
export function Log({ label, children }: { readonly label: string; readonly children: ReactNode }): JSX.Element {
  return (
    <Stack
      role="region"
      aria-label={label}
      tabIndex={0}
      spacing={0.5}
      sx={{ flex: 1, minHeight: 0, overflowY: 'auto' }}
    >
      {children}
    </Stack>
  )
}
