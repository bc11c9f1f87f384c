import { usePassiveBind } from '@channels-binding/core/react'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Chip from '@mui/material/Chip'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { type FormEvent, type JSX, useState } from 'react'
import { Log } from './Log'

type Kind = 'reflected' | 'dispatched' | 'broadcast'

interface Heard {
  readonly key: number
  readonly kind: Kind
  readonly text: string
}

/** One event of one's own: its handler answers the sender, all subscribers of the stream, and everybody. */
export function CustomEvents(): JSX.Element {
  const [sender, setSender] = useState('me')
  const [heard, setHeard] = useState<readonly Heard[]>([])
  const hear = (kind: Kind) => (data: { msg: string }) =>
    setHeard(before => [{ key: (before[0]?.key ?? 0) + 1, kind, text: data.msg }, ...before].slice(0, 30))

  const { send } = usePassiveBind('custom_stream.custom_event', { onEvent: hear('reflected') })
  usePassiveBind('custom_stream.custom_group_event', { onEvent: hear('dispatched') })
  usePassiveBind('custom_stream.custom_all_event', { onEvent: hear('broadcast') })

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    send({ sender }).catch(() => undefined)
  }
  return (
    <>
      <Box component="form" onSubmit={submit} sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'center' }}>
        <Typography component="h2" variant="subtitle2" sx={{ flexGrow: 1 }}>
          Custom events
        </Typography>
        <TextField
          size="small"
          label="Sender"
          value={sender}
          onChange={event => setSender(event.target.value)}
          sx={{ width: 140 }}
        />
        <Button type="submit" variant="outlined" disabled={!sender}>
          Send
        </Button>
      </Box>
      <Log label="Messages heard">
        {heard.length === 0 && <Typography variant="body2">Send, and watch what each window hears.</Typography>}
        {heard.map(({ key, kind, text }) => (
          <Box key={key} sx={{ display: 'flex', gap: 1, alignItems: 'baseline' }}>
            <Chip size="small" variant="outlined" label={kind} sx={{ width: 92, flexShrink: 0 }} />
            <Typography variant="body2">{text}</Typography>
          </Box>
        ))}
      </Log>
    </>
  )
}
