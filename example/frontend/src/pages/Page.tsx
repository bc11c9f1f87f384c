import Box from '@mui/material/Box'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import type { JSX, ReactNode } from 'react'

interface PageProps {
  readonly title: string
  /** What the page is there to show. */
  readonly about?: string
  /** Beside the title. */
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** A page under the bar: its title, one line about it, and the rest of the window. */
export function Page({ title, about, actions, children }: PageProps): JSX.Element {
  return (
    <Box
      component="main"
      sx={{ display: 'flex', flexDirection: 'column', flex: 1, minHeight: 0, p: { xs: 1, sm: 2 }, gap: 2 }}
    >
      <Stack direction="row" useFlexGap spacing={2} sx={{ flexWrap: 'wrap', alignItems: 'center' }}>
        <Box sx={{ flex: '1 1 260px', minWidth: 0 }}>
          <Typography component="h2" variant="h6" sx={{ overflowWrap: 'anywhere' }}>
            {title}
          </Typography>
          {about && (
            <Typography variant="body2" sx={{ color: 'text.secondary' }}>
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
