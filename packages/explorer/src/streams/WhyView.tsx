import type { SearchParams } from '@channels-binding/core'
import { useChannels } from '@channels-binding/core/react'
import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Paper from '@mui/material/Paper'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { type FormEvent, type JSX, useEffect, useState, useSyncExternalStore } from 'react'
import { useExplorer } from '../context'
import type { Explained, Why } from '../frames/log'
import { type OfferedStream, useExplanation } from '../server'
import { Code } from '../shell/Code'
import { Facts } from '../shell/Facts'

/** Who shares a list of this stream, how changes find it, and why each message of it was sent. */
export function WhyView({ offered }: { readonly offered: OfferedStream }): JSX.Element {
  const [data, setData] = useState('{}')
  const [draft, setDraft] = useState(data)
  const problem = problemOf(draft)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!problem) setData(draft)
  }
  return (
    <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'minmax(0, 1fr)' }}>
      <Box component="form" onSubmit={submit} sx={{ display: 'flex', gap: 1, alignItems: 'start', flexWrap: 'wrap' }}>
        <TextField
          size="small"
          label="Which list"
          value={draft}
          onChange={event => setDraft(event.target.value)}
          error={problem !== null}
          helperText={problem ?? 'Data of search, such as {"filters": {"status": "open"}, "order": "-id"}'}
          sx={{ flex: 1, minWidth: 240 }}
        />
        <Button type="submit" variant="outlined" disabled={problem !== null} sx={{ mt: 0.25 }}>
          Ask
        </Button>
      </Box>
      <Sharing key={`sharing ${data}`} stream={offered.stream} data={data} />
      <Messages key={`messages ${data}`} stream={offered.stream} data={data} />
    </Box>
  )
}

function problemOf(text: string): string | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? null : 'An object is expected: {…}'
  } catch {
    return 'This is no JSON.'
  }
}

/** What `manage.py bindings --explain` says of this list. */
function Sharing({ stream, data }: { readonly stream: string; readonly data: string }): JSX.Element {
  const { data: explanation, error } = useExplanation(stream, data)
  const facts = Object.entries(explanation ?? {}).filter(([name]) => name !== 'stream')
  return (
    <Paper
      component="section"
      variant="outlined"
      aria-label="Who shares it"
      sx={{ p: 2, minHeight: { xs: '70dvh', sm: 260 } }}
    >
      <Typography variant="h2" sx={{ mb: 1 }}>
        Who shares it, and what can change it
      </Typography>
      {error && <Alert severity="error">{error.message}</Alert>}
      <Facts facts={facts.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)])} />
    </Paper>
  )
}

/** A live read of the list that is told why, for as long as this is shown. */
function Messages({ stream, data }: { readonly stream: string; readonly data: string }): JSX.Element {
  const { clients } = useExplorer()
  const { client } = useChannels()
  const [since] = useState(() => Date.now())
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => {
    const params = { ...(JSON.parse(data) as SearchParams), why: true }
    const handle = client.live(stream, 'search', params, state => setProblem(state.error?.message ?? null))
    return () => handle.unsubscribe()
  }, [client, stream, data])
  const explained = useSyncExternalStore(clients.frames.listen, clients.frames.explained)
  const messages = explained.filter(({ at, message }) => at >= since && message.event.startsWith(`${stream}.`))
  return (
    <Paper component="section" variant="outlined" aria-label="Why messages came" sx={{ p: 2 }}>
      <Typography variant="h2">Why messages came</Typography>
      <Typography variant="body2" sx={{ color: 'text.secondary', mb: 1 }}>
        The list is open here as long as you look. Change a row, and see what reached it.
      </Typography>
      {problem && <Alert severity="error">{problem}</Alert>}
      <Box component="ol" reversed sx={{ listStyle: 'none', m: 0, p: 0 }}>
        {messages.map(each => (
          <Message key={each.key} explained={each} />
        ))}
      </Box>
    </Paper>
  )
}

function Message({ explained: { at, message } }: { readonly explained: Explained }): JSX.Element {
  const { why, type, data } = message
  return (
    <Box component="li" sx={{ borderTop: 1, borderColor: 'divider', py: 1.25 }}>
      <Box sx={{ display: 'flex', gap: 1.5, flexWrap: 'wrap', mb: 0.5 }}>
        <Typography variant="body2" sx={{ fontWeight: 700 }}>
          {type}
        </Typography>
        <Typography variant="body2" sx={{ color: 'text.secondary' }}>
          {new Date(at).toLocaleTimeString()}
        </Typography>
      </Box>
      <Facts
        facts={[
          ['because of', causesOf(why)],
          ['one reading for', why.readers < 2 ? 'this reader alone' : `${why.readers} readers`],
          [
            'which took',
            `${why.took_ms} ms, ${why.statements} SQL ${why.statements === 1 ? 'statement' : 'statements'}`,
          ],
          ['and read', why.whole ? 'all rows' : 'only rows that had changed'],
          ['commits', why.commits?.join(', ') ?? ''],
        ]}
      />
      <details>
        <summary>What was sent</summary>
        <Code label={`Data of the ${type}`} sx={{ maxHeight: 320, mt: 1 }}>
          {JSON.stringify(data, null, 2)}
        </Code>
      </details>
    </Box>
  )
}

function causesOf(why: Why): string {
  const causes = Object.entries(why.models).map(([model, keys]) => {
    const more = why.more?.[model]
    return keys === null ? `any row of ${model}` : `${model} ${keys.join(', ')}${more ? ` and ${more} more` : ''}`
  })
  return causes.join('; ') || 'it was asked for, or a right has changed'
}
