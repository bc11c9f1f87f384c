import { useToggle } from '@channels-binding/core/react'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Paper from '@mui/material/Paper'
import { type JSX, lazy, Suspense } from 'react'
import { MoreIcon } from '../icons'

const CustomEvents = lazy(() => import('./CustomEvents').then(found => ({ default: found.CustomEvents })))
const Wire = lazy(() => import('./Wire').then(found => ({ default: found.Wire })))

/** What happens behind the table: events of one's own, and the frames themselves. */
export function Backstage(): JSX.Element {
  const [isOpen, toggle] = useToggle()
  return (
    <Box component="aside" aria-label="Behind the scenes" sx={{ px: { xs: 1, sm: 2 }, pb: 1 }}>
      <Button
        size="small"
        startIcon={<MoreIcon sx={{ rotate: isOpen ? '90deg' : '0deg' }} />}
        aria-expanded={isOpen}
        onClick={() => toggle()}
      >
        Behind the scenes
      </Button>
      {isOpen && (
        <Box
          sx={{
            display: 'grid',
            gap: 2,
            gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: '2fr 3fr' },
            height: { md: 190 },
          }}
        >
          <Paper variant="outlined" sx={PANEL}>
            <Suspense>
              <CustomEvents />
            </Suspense>
          </Paper>
          <Paper variant="outlined" sx={PANEL}>
            <Suspense>
              <Wire />
            </Suspense>
          </Paper>
        </Box>
      )}
    </Box>
  )
}

const PANEL = {
  display: 'flex',
  flexDirection: 'column',
  minHeight: 0,
  height: { xs: 260, md: 'auto' },
  p: 1.5,
  gap: 1,
}
