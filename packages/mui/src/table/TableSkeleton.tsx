import Box from '@mui/material/Box'
import Skeleton from '@mui/material/Skeleton'
import type { GridDensity } from '@mui/x-data-grid'
import type { JSX } from 'react'

/** How high the grid draws a row, in pixels. */
const HEIGHTS: Readonly<Record<GridDensity, number>> = { compact: 36, standard: 52, comfortable: 67 }

const LINES = Array.from({ length: 12 }, (_, line) => line)

/** Stands where the table will, with lines where its rows will be. */
export function TableSkeleton({ density = 'standard' }: { readonly density?: GridDensity | undefined }): JSX.Element {
  return (
    <Box aria-hidden="true" sx={{ flex: 1, minHeight: 0, overflow: 'hidden' }}>
      {LINES.map(line => (
        <Box key={line} sx={{ ...LINE, height: HEIGHTS[density] }}>
          <Skeleton sx={{ flex: 3 }} />
          <Skeleton sx={{ flex: 1 }} />
          <Skeleton sx={{ flex: 1 }} />
        </Box>
      ))}
    </Box>
  )
}

const LINE = {
  display: 'flex',
  gap: 3,
  px: 1.5,
  alignItems: 'center',
  borderBottom: 1,
  borderColor: 'divider',
} as const
