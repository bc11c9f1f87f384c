import Box from '@mui/material/Box'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import type { JSX, ReactNode } from 'react'

interface PageProps {
  readonly title: string
  /** Whether title and `about` are of a row, which has to be read first: on a phone there is room for two lines of each, so that nothing moves. */
  readonly isOfRow?: boolean
  /** What the page is there to show. */
  readonly about?: string
  /** Beside the title. */
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** A page under the bar: its title, one line about it, and the rest of the window. */
export function Page({ title, isOfRow = false, about, actions, children }: PageProps): JSX.Element {
  return (
    <Box
      component="main"
      sx={{ display: 'flex', flexDirection: 'column', flex: 1, minHeight: 0, p: { xs: 1, sm: 2 }, gap: 2 }}
    >
      <Stack direction="row" useFlexGap spacing={2} sx={{ flexWrap: 'wrap', alignItems: 'center' }}>
        <Box sx={{ flex: '1 1 260px', minWidth: 0 }}>
          <Typography
            component="h2"
            variant="h6"
            title={title}
            sx={{ overflowWrap: 'anywhere', ...(isOfRow && TWO_LINES) }}
          >
            {title}
          </Typography>
          {about && (
            <Typography variant="body2" sx={{ color: 'text.secondary', ...(isOfRow && TWO_LINES) }}>
              {about}
            </Typography>
          )}
        </Box>
        {actions}
      </Stack>
      {children}
    </Box>
  )
}

const TWO_LINES = {
  minHeight: { xs: '2lh', sm: 0 },
  display: { xs: '-webkit-box', sm: 'block' },
  WebkitLineClamp: 2,
  WebkitBoxOrient: 'vertical',
  overflow: 'hidden',
} as const
