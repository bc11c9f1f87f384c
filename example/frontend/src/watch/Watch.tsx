import { ChannelsProvider, usePassiveBind } from '@channels-binding/core/react'
import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Paper from '@mui/material/Paper'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { type JSX, useEffect, useState } from 'react'
import { ColorSchemeButton } from '../bar/ColorSchemeButton'
import { DisplayMenu } from '../bar/DisplayMenu'
import { Logo } from '../bar/Logo'
import { TrafficSwitch } from '../bar/TrafficSwitch'
import { Code } from './Code'
import { Pane } from './Pane'
import { post } from './server'
import { AGENT, MANAGER } from './sides'

const PER_SECOND = 3

/** Manager and agent in one window, while the server changes three tickets a second. */
export default function Watch(): JSX.Element {
  useEffect(() => {
    document.title = 'Side by side · Help desk'
  }, [])
  return (
    <Box sx={{ display: 'flex', flexDirection: 'column', minHeight: '100dvh', height: { md: '100dvh' } }}>
      <Bar />
      <Box
        component="main"
        sx={{ display: 'flex', flexDirection: 'column', flex: 1, minHeight: 0, p: { xs: 1, sm: 2 }, gap: 1.5 }}
      >
        <Typography>
          <b>What to watch:</b> what changes flashes on both sides at once; a ticket handed to another team leaves the
          agent’s list. Edit one, then break a connection.
        </Typography>
        <Box sx={SIDES}>
          <Pane side={MANAGER} />
          <Pane side={AGENT} />
        </Box>
        <Paper variant="outlined" sx={{ p: 1.5, flexShrink: 0 }}>
          <Code />
        </Paper>
      </Box>
    </Box>
  )
}

function Bar(): JSX.Element {
  return (
    <Stack component="header" direction="row" useFlexGap spacing={{ xs: 1, sm: 2 }} sx={BAR}>
      <Logo />
      <Typography component="h1" variant="h6" noWrap>
        Help desk
      </Typography>
      <Box sx={{ ml: { md: 'auto' }, order: { xs: 1, md: 0 }, flexGrow: { xs: 1, md: 0 } }}>
        <ChannelsProvider client={MANAGER.client} queryClient={MANAGER.queryClient}>
          <Traffic />
        </ChannelsProvider>
      </Box>
      <Kill />
      <Box sx={{ ml: { xs: 'auto', md: 0 }, display: 'flex', alignItems: 'center', gap: 1 }}>
        <Button size="small" href="/login/">
          Sign in
        </Button>
        <ColorSchemeButton />
        <DisplayMenu />
      </Box>
    </Stack>
  )
}

/** The switch; it is turned on where nobody has touched it since the server started. */
function Traffic(): JSX.Element {
  const { data, send } = usePassiveBind('desk.life.status')
  const { send: start } = usePassiveBind('desk.life.start')
  const isUntouched = data !== undefined && !data.running && data.changed === 0
  useEffect(() => {
    if (isUntouched)
      start({ per_second: PER_SECOND }).then(
        () => send(),
        () => undefined,
      )
  }, [isUntouched, start, send])
  return <TrafficSwitch />
}

function Kill(): JSX.Element {
  const [problem, setProblem] = useState<string | null>(null)
  const kill = (): void => {
    setProblem(null)
    post('restart').catch(error => setProblem(error.message))
  }
  return (
    <>
      <Button size="small" variant="outlined" color="error" onClick={kill} sx={{ order: { xs: 2, md: 0 } }}>
        Kill the server
      </Button>
      {problem && (
        <Alert severity="error" onClose={() => setProblem(null)}>
          {problem}
        </Alert>
      )}
    </>
  )
}

const BAR = {
  alignItems: 'center',
  flexWrap: 'wrap',
  px: { xs: 1, sm: 2 },
  py: 1,
  bgcolor: 'background.paper',
  borderBottom: 1,
  borderColor: 'divider',
}
const SIDES = {
  display: 'grid',
  flex: 1,
  minHeight: 0,
  gap: 2,
  gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'repeat(2, minmax(0, 1fr))' },
  gridAutoRows: { xs: 'auto', md: 'minmax(0, 1fr)' },
}
