import Box from '@mui/material/Box'
import type { GridDensity } from '@mui/x-data-grid'
import { memo, type NamedExoticComponent } from 'react'

/** How high the grid draws a row, in pixels. */
const HEIGHTS: Readonly<Record<GridDensity, number>> = { compact: 36, standard: 52, comfortable: 67 }

const LINES = Array.from({ length: 12 }, (_, line) => line)

interface TableSkeletonProps {
  readonly density?: GridDensity | undefined
}

/** Stands where the table will, with lines where its rows will be: one style for all of it, for it is drawn while much else is. */
export const TableSkeleton: NamedExoticComponent<TableSkeletonProps> = memo(function TableSkeleton({ density }) {
  return (
    <Box className="cb-skeleton" aria-hidden="true" sx={LOOKS[density ?? 'standard']}>
      {LINES.map(line => (
        <div key={line}>
          <i />
          <i />
          <i />
        </div>
      ))}
    </Box>
  )
})

const lookOf = (height: number) =>
  ({
    flex: 1,
    minHeight: 0,
    overflow: 'hidden',
    '@keyframes cb-pulse': { '50%': { opacity: 0.4 } },
    '& > div': {
      display: 'flex',
      gap: 3,
      px: 1.5,
      alignItems: 'center',
      height,
      borderBottom: 1,
      borderColor: 'divider',
    },
    '& i': { flex: 1, height: '0.9em', borderRadius: 1, bgcolor: 'action.hover' },
    '& i:first-of-type': { flex: 3 },
    '@media (prefers-reduced-motion: no-preference)': {
      '& i': { animation: 'cb-pulse 2s ease-in-out 0.5s infinite' },
    },
  }) as const

const LOOKS = {
  compact: lookOf(HEIGHTS.compact),
  standard: lookOf(HEIGHTS.standard),
  comfortable: lookOf(HEIGHTS.comfortable),
} as const
