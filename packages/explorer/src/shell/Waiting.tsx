import Box from '@mui/material/Box'
import CircularProgress from '@mui/material/CircularProgress'
import type { JSX } from 'react'

/** A circle, while something is on its way. */
export function Waiting(): JSX.Element {
  return (
    <Box sx={{ display: 'grid', placeItems: 'center', p: 6 }}>
      <CircularProgress aria-label="Loading" />
    </Box>
  )
}
