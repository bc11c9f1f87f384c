import type { BindingError } from '@channels-binding/core'
import { useChannels, useSearch } from '@channels-binding/core/react'
import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Chip, { type ChipProps } from '@mui/material/Chip'
import LinearProgress from '@mui/material/LinearProgress'
import Paper from '@mui/material/Paper'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { type JSX, useEffect, useState } from 'react'
import type { DeskTaskRow as Task } from '../bindings.gen'
import { Page } from './Page'

const COLORS: Record<Task['state'], ChipProps['color']> = { running: 'info', done: 'success', failed: 'error' }
/** As desk/tasks.py: a row that nobody has written for so long has lost its server. */
const SILENT_MS = 5_000

/** Long tasks: a thread of the server saves a row as it goes, and every window that may see the row shows how far it is. */
export default function Tasks(): JSX.Element {
  const { client } = useChannels()
  const { rows, isPending } = useSearch('desk.Task', { order: '-id', limit: 10 })
  const [refusal, setRefusal] = useState<string | null>(null)
  const call = (answer: Promise<unknown>): void => {
    setRefusal(null)
    answer.catch((error: BindingError) =>
      setRefusal(Object.values(error.fields ?? {}).flat()[0]?.message ?? error.message),
    )
  }
  return (
    <Page
      title="Long tasks"
      about="A thread goes through the tickets that you may see and saves its row after each piece. That is all: the row is live."
      actions={
        <Button variant="contained" onClick={() => call(client.call('desk.Task.start'))}>
          Start a task
        </Button>
      }
    >
      {refusal && <Alert severity="warning">{refusal}</Alert>}
      {!isPending && rows.length === 0 && (
        <Typography sx={{ color: 'text.secondary' }}>None yet. Start one, and watch it from two windows.</Typography>
      )}
      <Stack spacing={1.5} sx={{ overflowY: { md: 'auto' }, pb: 1 }}>
        {rows.map(task => (
          <TaskCard key={task.id} task={task} onResume={() => call(client.call('desk.Task.resume', { id: task.id }))} />
        ))}
      </Stack>
    </Page>
  )
}

function TaskCard({ task, onResume }: { readonly task: Task; readonly onResume: () => void }): JSX.Element {
  const { id, title, state, done, total, created } = task
  const isLost = useSilence(task) && state === 'running'
  const label = `${title}, task ${id}`
  return (
    <Paper variant="outlined" component="section" aria-label={label} sx={{ p: 2, flexShrink: 0 }}>
      <Stack
        direction="row"
        useFlexGap
        spacing={1}
        sx={{ alignItems: 'center', flexWrap: 'wrap', mb: 1, minHeight: 31 }}
      >
        <Typography sx={{ fontWeight: 600, mr: 'auto' }}>{title}</Typography>
        <Typography variant="body2" sx={{ color: 'text.secondary' }}>
          {new Date(created).toLocaleTimeString()}
        </Typography>
        <Chip
          size="small"
          variant="outlined"
          color={isLost ? 'warning' : COLORS[state]}
          label={isLost ? 'interrupted' : state}
        />
        {isLost && (
          <Button size="small" onClick={onResume}>
            Resume
          </Button>
        )}
      </Stack>
      <LinearProgress
        variant="determinate"
        aria-label={`Progress of task ${id}`}
        color={isLost ? 'warning' : state === 'failed' ? 'error' : 'primary'}
        value={total ? Math.min(100, (100 * done) / total) : state === 'done' ? 100 : 0}
      />
      <Typography variant="body2" sx={RESULT}>
        {done.toLocaleString()} of {total.toLocaleString()} tickets
        {Object.entries(task.result as Record<string, string>).map(([team, sum]) => (
          <span key={team}>
            {' · '}
            {team} <b>{Number(sum).toLocaleString(undefined, { maximumFractionDigits: 0 })}</b>
          </span>
        ))}
      </Typography>
    </Paper>
  )
}

/** As high on a phone when it begins as when it is done. */
const RESULT = { mt: 1, minHeight: { xs: '3lh', sm: '1lh' }, fontVariantNumeric: 'tabular-nums' }

/** Whether the row has not changed for a while, by this window's clock: the server's may differ. */
function useSilence({ id, updated }: Task): boolean {
  const now = `${id} ${updated}`
  const [silent, setSilent] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setSilent(now), SILENT_MS)
    return () => clearTimeout(timer)
  }, [now])
  return silent === now
}
