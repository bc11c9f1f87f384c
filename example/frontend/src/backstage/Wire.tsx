import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import type { JSX } from 'react'
import { Log } from './Log'
import { type Seen, useFrames } from './useFrames'

/** The protocol at work: each line is a frame, and opens to its JSON. */
export function Wire(): JSX.Element {
  const frames = useFrames()
  return (
    <>
      <Typography component="h2" variant="subtitle2">
        Wire
      </Typography>
      <Log label="Last frames">
        {frames.map(frame => (
          <Line key={frame.key} frame={frame} />
        ))}
      </Log>
    </>
  )
}

function Line({ frame }: { readonly frame: Seen }): JSX.Element {
  const { direction, event, type, messages, bytes, text } = frame
  return (
    <Box component="details" dir="ltr" sx={{ fontFamily: 'monospace', fontSize: 13 }}>
      <Box
        component="summary"
        sx={{ display: 'flex', alignItems: 'center', minHeight: 24, gap: 1.5, cursor: 'pointer' }}
      >
        <Box component="span" sx={{ width: '5ch', color: direction === 'in' ? 'success.main' : 'info.main' }}>
          {direction === 'in' ? '← in' : '→ out'}
        </Box>
        <Box
          component="span"
          sx={{ flex: 1, minWidth: 0, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}
        >
          {event}
          {messages > 1 && ` +${messages - 1}`}
        </Box>
        <span>{type}</span>
        <Box component="span" sx={{ minWidth: '8ch', textAlign: 'right' }}>
          {bytes.toLocaleString()} B
        </Box>
      </Box>
      <Box
        component="pre"
        sx={{ m: 0, pl: 2, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', color: 'text.secondary' }}
      >
        {text.length > 2000 ? `${text.slice(0, 2000)} …` : text}
      </Box>
    </Box>
  )
}
