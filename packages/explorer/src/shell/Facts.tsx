import Box from '@mui/material/Box'
import type { JSX, ReactNode } from 'react'

/** Names and what is said of them; what is empty is left out. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }): JSX.Element {
  return (
    <Box
      component="dl"
      sx={{
        m: 0,
        display: 'grid',
        gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: 'max-content minmax(0, 1fr)' },
        columnGap: 3,
        rowGap: { xs: 0.25, sm: 0.75 },
        '& dt': { color: 'text.secondary', fontSize: 14 },
        '& dd': { m: 0, mb: { xs: 1, sm: 0 }, overflowWrap: 'anywhere', fontSize: 14 },
      }}
    >
      {facts.map(
        ([name, value]) =>
          value !== undefined &&
          value !== '' && (
            <Box key={name} sx={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </Box>
          ),
      )}
    </Box>
  )
}
