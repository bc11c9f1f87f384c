import Box, { type BoxProps } from '@mui/material/Box'
import type { JSX } from 'react'
import { MONO } from '../theme'

/** Text as it came, JSON mostly; it scrolls, by keyboard too. */
export function Code({ label, children, sx, ...props }: BoxProps & { readonly label: string }): JSX.Element {
  return (
    <Box
      component="pre"
      role="region"
      aria-label={label}
      tabIndex={0}
      sx={{
        m: 0,
        p: 1.5,
        fontFamily: MONO,
        fontSize: 13,
        whiteSpace: 'pre-wrap',
        overflowWrap: 'anywhere',
        overflow: 'auto',
        borderRadius: 1,
        bgcolor: 'action.hover',
        ...sx,
      }}
      {...props}
    >
      {children}
    </Box>
  )
}
