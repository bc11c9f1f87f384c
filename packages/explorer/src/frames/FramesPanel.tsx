import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import FormControlLabel from '@mui/material/FormControlLabel'
import IconButton from '@mui/material/IconButton'
import MenuItem from '@mui/material/MenuItem'
import Switch from '@mui/material/Switch'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { type JSX, useState, useSyncExternalStore } from 'react'
import { useExplorer } from '../context'
import { CloseIcon, PauseIcon, PlayIcon } from '../icons'
import { Code } from '../shell/Code'
import { MONO } from '../theme'
import { filtered, MOST_FRAMES, pretty, type SeenFrame } from './log'

type Direction = 'both' | 'in' | 'out'

/** Lines that are drawn; the others are found by the filter. */
const MOST_LINES = 200

/** What goes over the wire, as it goes: each line is a frame, and opens to its JSON. */
export function FramesPanel({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const { clients } = useExplorer()
  const log = clients.frames
  const latest = useSyncExternalStore(log.listen, log.frames)
  const [paused, setPaused] = useState<readonly SeenFrame[] | null>(null)
  const [text, setText] = useState('')
  const [direction, setDirection] = useState<Direction>('both')
  const [beats, setBeats] = useState(false)
  const frames = filtered(paused ?? latest, { text, direction, beats })
  return (
    <Box
      component="aside"
      aria-label="Frames"
      sx={{
        display: 'flex',
        flexDirection: 'column',
        height: { xs: '55dvh', md: '38dvh' },
        flexShrink: 0,
        borderTop: 1,
        borderColor: 'divider',
        bgcolor: 'background.paper',
      }}
    >
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'center', px: 1.5, pt: 1.5, pb: 1 }}>
        <Button
          size="small"
          variant="outlined"
          startIcon={paused ? <PlayIcon /> : <PauseIcon />}
          onClick={() => setPaused(paused ? null : latest)}
        >
          {paused ? 'Go on' : 'Pause'}
        </Button>
        <Button size="small" onClick={() => (paused ? setPaused([]) : log.clear())}>
          Clear
        </Button>
        <TextField
          size="small"
          type="search"
          label="Filter"
          value={text}
          onChange={event => setText(event.target.value)}
          sx={{ flex: '1 1 140px', maxWidth: 320 }}
        />
        <TextField
          select
          size="small"
          label="Direction"
          value={direction}
          onChange={event => setDirection(event.target.value as Direction)}
          sx={{ width: 110 }}
        >
          <MenuItem value="both">both</MenuItem>
          <MenuItem value="in">in</MenuItem>
          <MenuItem value="out">out</MenuItem>
        </TextField>
        <FormControlLabel
          control={<Switch size="small" checked={beats} onChange={event => setBeats(event.target.checked)} />}
          label="Heartbeats"
          slotProps={{ typography: { variant: 'body2' } }}
        />
        <Box sx={{ flex: 1 }} />
        <Typography variant="body2" sx={{ color: 'text.secondary' }}>
          {frames.length} of the last {Math.min((paused ?? latest).length, MOST_FRAMES)}
        </Typography>
        <IconButton size="small" aria-label="Close frames" onClick={onClose}>
          <CloseIcon />
        </IconButton>
      </Box>
      <Box
        role="region"
        aria-label="Last frames"
        tabIndex={0}
        sx={{ flex: 1, minHeight: 0, overflowY: 'auto', px: 1.5, pb: 1 }}
      >
        {frames.slice(0, MOST_LINES).map(frame => (
          <Line key={frame.key} frame={frame} />
        ))}
        {frames.length === 0 && (
          <Typography variant="body2" sx={{ color: 'text.secondary' }}>
            Nothing that fits has gone by.
          </Typography>
        )}
      </Box>
    </Box>
  )
}

function Line({ frame }: { readonly frame: SeenFrame }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const { direction, event, type, messages, bytes, carrier, at } = frame
  return (
    <Box
      component="details"
      onToggle={toggled => setOpen((toggled.target as HTMLDetailsElement).open)}
      sx={{ fontFamily: MONO, fontSize: 13 }}
    >
      <Box
        component="summary"
        sx={{
          display: 'flex',
          alignItems: 'center',
          minHeight: 26,
          gap: 1.5,
          cursor: 'pointer',
          '&:hover': { bgcolor: 'action.hover' },
        }}
      >
        <Box
          component="span"
          sx={{ width: '5ch', flexShrink: 0, color: direction === 'in' ? 'success.main' : 'info.main' }}
        >
          {direction === 'in' ? '← in' : '→ out'}
        </Box>
        <Box component="span" sx={{ color: 'text.secondary', display: { xs: 'none', sm: 'inline' } }}>
          {new Date(at).toLocaleTimeString()}
        </Box>
        <Box component="span" sx={{ color: 'text.secondary', width: '4ch', display: { xs: 'none', sm: 'inline' } }}>
          {carrier}
        </Box>
        <Box
          component="span"
          sx={{ flex: 1, minWidth: 0, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}
        >
          {event}
          {messages > 1 && ` +${messages - 1}`}
        </Box>
        <Box component="span" sx={{ color: type.startsWith('error') ? 'error.main' : undefined }}>
          {type}
        </Box>
        <Box component="span" sx={{ minWidth: '8ch', textAlign: 'right', flexShrink: 0 }}>
          {bytes.toLocaleString()} B
        </Box>
      </Box>
      {isOpen && (
        <Code label={`Frame of ${event}`} sx={{ mb: 1, maxHeight: 360 }}>
          {pretty(frame.text)}
        </Code>
      )}
    </Box>
  )
}
