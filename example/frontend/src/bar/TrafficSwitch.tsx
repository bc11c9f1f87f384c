import { useChannels, useConnection, usePassiveBind } from '@channels-binding/core/react'
import Box from '@mui/material/Box'
import FormControlLabel from '@mui/material/FormControlLabel'
import Stack from '@mui/material/Stack'
import Switch from '@mui/material/Switch'
import Typography from '@mui/material/Typography'
import { type JSX, useEffect, useState } from 'react'

const MAX_PER_SECOND = 50

/** Lets the server change tickets by itself. All windows agree: the server pushes the status to each of them. */
export function TrafficSwitch(): JSX.Element {
  const { client } = useChannels()
  const { isConnected } = useConnection()
  const { data: traffic, send: askForStatus } = usePassiveBind('desk.life.status')
  const [dragged, setDragged] = useState<number | null>(null)

  // A server that was restarted has forgotten the switch, so each new connection asks.
  useEffect(() => {
    if (isConnected) askForStatus().catch(() => undefined)
  }, [isConnected, askForStatus])

  const running = traffic?.running ?? false
  const perSecond = dragged ?? traffic?.per_second ?? 5
  const start = (): void => void client.call('desk.life.start', { per_second: perSecond }).catch(() => undefined)
  const stop = (): void => void client.call('desk.life.stop').catch(() => undefined)

  return (
    <Stack direction="row" spacing={2} sx={{ alignItems: 'center' }}>
      <FormControlLabel
        label="Simulate traffic"
        control={<Switch checked={running} disabled={!traffic} onChange={() => (running ? stop() : start())} />}
        sx={{ mr: 0, whiteSpace: 'nowrap' }}
      />
      <Box
        component="input"
        type="range"
        aria-label="Changes per second"
        min={1}
        max={MAX_PER_SECOND}
        value={perSecond}
        onChange={event => setDragged(Number(event.target.value))}
        onPointerUp={() => running && start()}
        onKeyUp={() => running && start()}
        sx={{
          width: 90,
          height: 24,
          flexGrow: { xs: 1, sm: 0 },
          accentColor: theme => (theme.vars ?? theme).palette.primary.main,
        }}
      />
      <Typography variant="body2" sx={{ minWidth: '3.5ch', fontVariantNumeric: 'tabular-nums' }}>
        <bdi>{perSecond}/s</bdi>
      </Typography>
    </Stack>
  )
}
