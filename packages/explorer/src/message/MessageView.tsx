import { BindingError, type Description } from '@channels-binding/core'
import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import FormControlLabel from '@mui/material/FormControlLabel'
import MenuItem from '@mui/material/MenuItem'
import Paper from '@mui/material/Paper'
import Switch from '@mui/material/Switch'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { type FormEvent, type JSX, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { Way } from '../clients'
import { useExplorer } from '../context'
import { SendIcon } from '../icons'
import type { OfferedStream } from '../server'
import { Code } from '../shell/Code'
import { Doc } from '../shell/Doc'
import { MONO } from '../theme'
import { parseData, preparedData } from './prepared'

interface Answer {
  readonly event: string
  readonly isError: boolean
  readonly milliseconds: number | null
  /** How many states a live read has had. */
  readonly states: number
  readonly text: string
}

/** A message to the stream, prepared as far as it is known what it takes; on whatever transport one likes. */
export default function MessageView(props: {
  readonly offered: OfferedStream
  readonly description: Description | undefined
}): JSX.Element {
  const { offered, description } = props
  const { clients } = useExplorer()
  const [name, setName] = useState(offered.actions[0]?.name ?? '')
  const [way, setWay] = useState<Way>('auto')
  const [isLive, setLive] = useState(false)
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({})
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [isBusy, setBusy] = useState(false)
  const stop = useRef<() => void>(() => undefined)
  useEffect(() => () => stop.current(), [])

  const action = offered.actions.find(each => each.name === name)
  const text = typed[name] ?? (action ? JSON.stringify(preparedData(action, description), null, 2) : '{}')
  const parsed = parseData(text)
  const problem = 'problem' in parsed ? parsed.problem : null
  const staysLive = isLive && !!action?.live

  const send = async (): Promise<void> => {
    if ('problem' in parsed) return
    stop.current()
    const event = `${offered.stream}.${name}`
    const client = clients.of(way)
    if (staysLive) {
      let states = 0
      const handle = client.live(offered.stream, name as 'search', parsed.data, state => {
        states++
        const shown = state.error ? errorOf(state.error) : (state.data ?? null)
        const text = JSON.stringify(shown, null, 2)
        setAnswer({ event, isError: state.error !== null, milliseconds: null, states, text })
      })
      stop.current = () => handle.unsubscribe()
      return
    }
    setBusy(true)
    const began = performance.now()
    const done = (isError: boolean, shown: unknown): void => {
      setBusy(false)
      const milliseconds = Math.round((performance.now() - began) * 10) / 10
      setAnswer({ event, isError, milliseconds, states: 0, text: JSON.stringify(shown, null, 2) })
    }
    const data = action?.live ? { ...parsed.data, live: false } : parsed.data
    await client.ask(event, data).then(
      reply => done(false, reply.v === undefined ? reply.data : { data: reply.data, v: reply.v }),
      error => done(true, errorOf(error)),
    )
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void send()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      void send()
    }
  }
  if (!action) return <Alert severity="info">There is nothing that you may ask of this stream.</Alert>
  return (
    <Box
      sx={{
        display: 'grid',
        gap: 2,
        alignItems: 'start',
        gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: 'repeat(2, minmax(0, 1fr))' },
      }}
    >
      <Paper
        component="form"
        variant="outlined"
        aria-label="Message"
        onSubmit={submit}
        sx={{ p: 2, display: 'grid', gap: 2 }}
      >
        <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: '3fr 2fr' } }}>
          <TextField select size="small" label="Event" value={name} onChange={event => setName(event.target.value)}>
            {offered.actions.map(each => (
              <MenuItem key={each.name} value={each.name}>
                {each.name}
              </MenuItem>
            ))}
          </TextField>
          <TextField select size="small" label="By" value={way} onChange={event => setWay(event.target.value as Way)}>
            <MenuItem value="auto">what works</MenuItem>
            <MenuItem value="ws">WebSocket</MenuItem>
            <MenuItem value="http">HTTP</MenuItem>
          </TextField>
        </Box>
        {action.doc && <Doc text={action.doc} />}
        <TextField
          multiline
          minRows={6}
          maxRows={24}
          label="Data (JSON)"
          value={text}
          onChange={event => setTyped({ ...typed, [name]: event.target.value })}
          onKeyDown={onKeyDown}
          error={problem !== null}
          helperText={problem ?? 'Ctrl-Enter sends it.'}
          slotProps={{ htmlInput: { spellCheck: false, sx: { fontFamily: MONO, fontSize: 13 } } }}
        />
        <Box sx={{ display: 'flex', gap: 1, alignItems: 'center', flexWrap: 'wrap' }}>
          <Button
            type="submit"
            variant="contained"
            startIcon={<SendIcon />}
            disabled={problem !== null}
            loading={isBusy}
          >
            Send
          </Button>
          {action.live && (
            <FormControlLabel
              control={<Switch checked={isLive} onChange={event => setLive(event.target.checked)} />}
              label="Keep it live"
            />
          )}
          {typed[name] !== undefined && (
            <Button size="small" onClick={() => setTyped(({ [name]: _, ...others }) => others)}>
              As prepared
            </Button>
          )}
        </Box>
      </Paper>
      <Paper component="section" variant="outlined" aria-label="Answer" sx={{ p: 2, minHeight: 160 }}>
        <Typography variant="h2" role="status" sx={{ mb: 1 }}>
          {answer ? headOf(answer) : 'Answer'}
        </Typography>
        {answer ? (
          <Code label="JSON of the answer" sx={{ maxHeight: { lg: '60vh' } }}>
            {answer.text}
          </Code>
        ) : (
          <Typography variant="body2" sx={{ color: 'text.secondary' }}>
            What the server answers stands here; each frame of it among the frames.
          </Typography>
        )}
      </Paper>
    </Box>
  )
}

function headOf({ event, isError, milliseconds, states }: Answer): string {
  const what = isError ? 'was refused' : states ? `is live, state ${states}` : 'was answered'
  return `${event} ${what}${milliseconds === null ? '' : ` in ${milliseconds} ms`}`
}

function errorOf(error: unknown): unknown {
  if (!(error instanceof BindingError)) return { message: String(error) }
  const { code, message, status, fields, retry } = error
  return { code, status, message, ...(fields && { fields }), retry }
}
