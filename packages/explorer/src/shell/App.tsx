import { useChannels, useConnection } from '@channels-binding/core/react'
import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Drawer from '@mui/material/Drawer'
import { type JSX, lazy, Suspense, useEffect, useState } from 'react'
import { useExplorer } from '../context'
import { FramesPanel } from '../frames/FramesPanel'
import { useRoute } from '../route'
import { useStreams } from '../server'
import { StreamList } from '../streams/StreamList'
import { Start } from './Start'
import { TopBar } from './TopBar'
import { Waiting } from './Waiting'

const StreamPage = lazy(() => import('../streams/StreamPage'))
const FiguresPage = lazy(() => import('../figures/FiguresPage'))
const WIDTH = 272

/** Bar, list of streams, what is chosen, and the frames below it. Fills the window; its parts scroll. */
export function App(): JSX.Element {
  const route = useRoute()
  const streams = useStreams()
  const { client, queryClient } = useChannels()
  const [isMenuOpen, setMenuOpen] = useState(false)
  const [hasFrames, setFrames] = useState(false)
  const place = route.kind === 'stream' ? route.stream : route.kind
  useEffect(
    () => client.onPermissions(() => void queryClient.invalidateQueries({ queryKey: ['explorer'] })),
    [client, queryClient],
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when another place is shown
  useEffect(() => setMenuOpen(false), [place])
  useEffect(() => {
    document.title = route.kind === 'stream' ? `${route.stream} · Explorer` : 'Explorer · Channels Binding'
  }, [route])
  const list = <StreamList streams={streams} chosen={route.kind === 'stream' ? route.stream : null} />
  return (
    <Box sx={{ display: 'flex', flexDirection: 'column', height: '100dvh' }}>
      <TopBar onMenu={() => setMenuOpen(true)} hasFrames={hasFrames} onFrames={() => setFrames(!hasFrames)} />
      <Box sx={{ display: 'flex', flex: 1, minHeight: 0 }}>
        <Box
          component="nav"
          aria-label="Streams"
          sx={{
            display: { xs: 'none', md: 'flex' },
            flexDirection: 'column',
            width: WIDTH,
            flexShrink: 0,
            borderRight: 1,
            borderColor: 'divider',
            bgcolor: 'background.paper',
          }}
        >
          {list}
        </Box>
        <Drawer
          open={isMenuOpen}
          onClose={() => setMenuOpen(false)}
          sx={{ display: { md: 'none' } }}
          slotProps={{ paper: { sx: { width: WIDTH } } }}
        >
          {isMenuOpen && (
            <Box component="nav" aria-label="Streams" sx={{ display: 'flex', flexDirection: 'column', minHeight: 0 }}>
              {list}
            </Box>
          )}
        </Drawer>
        <Box sx={{ display: 'flex', flexDirection: 'column', flex: 1, minWidth: 0 }}>
          <Box component="main" sx={{ flex: 1, minHeight: 0, overflow: 'auto', p: { xs: 1.5, sm: 2.5 } }}>
            <Suspense fallback={<Waiting />}>
              <SignedOut />
              {route.kind === 'start' && <Start streams={streams} />}
              {route.kind === 'figures' && <FiguresPage />}
              {route.kind === 'stream' && <StreamPage key={route.stream} stream={route.stream} view={route.view} />}
            </Suspense>
          </Box>
          {hasFrames && <FramesPanel onClose={() => setFrames(false)} />}
        </Box>
      </Box>
    </Box>
  )
}

/** Says so where the server does not know who this is. */
function SignedOut(): JSX.Element | null {
  const { config } = useExplorer()
  const { status, lastError } = useConnection()
  if (status !== 'unauthorized') return null
  return (
    <Alert
      severity="warning"
      sx={{ mb: 2 }}
      action={
        config.signIn && (
          <Button color="inherit" size="small" href={config.signIn}>
            Sign in
          </Button>
        )
      }
    >
      {lastError?.message ?? 'The server does not know who this is.'} Streams answer once somebody has signed in.
    </Alert>
  )
}
