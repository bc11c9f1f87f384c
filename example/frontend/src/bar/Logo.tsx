import Box from '@mui/material/Box'
import type { JSX } from 'react'

/** A ticket, as on the sign-in page. */
export function Logo(): JSX.Element {
  return (
    <Box
      component="svg"
      viewBox="0 0 32 32"
      aria-hidden="true"
      sx={{ width: 32, display: { xs: 'none', sm: 'block' } }}
    >
      <rect width="32" height="32" rx="7" fill="#3f51b5" />
      <path d="M7 10h18v4a2 2 0 0 0 0 4v4H7v-4a2 2 0 0 0 0-4z" fill="#fff" />
    </Box>
  )
}
