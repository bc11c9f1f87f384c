import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Paper from '@mui/material/Paper'
import Table from '@mui/material/Table'
import TableBody from '@mui/material/TableBody'
import TableCell from '@mui/material/TableCell'
import TableHead from '@mui/material/TableHead'
import TableRow from '@mui/material/TableRow'
import Typography from '@mui/material/Typography'
import { type JSX, useSyncExternalStore } from 'react'
import { useExplorer } from '../context'
import type { Figures } from '../server'
import { Plot } from './Plot'
import { ratesOf } from './points'
import { MOST_SAMPLES } from './samples'
import { type Answered, MOST_ANSWERS, useServerFigures } from './useServerFigures'

/** What the page and, for the staff, the server measure. */
export default function FiguresPage(): JSX.Element {
  const { config, samples } = useExplorer()
  const own = useSyncExternalStore(samples.listen, samples.all)
  const { answers, problem } = useServerFigures(config.isStaff)
  const latest = answers.at(-1)?.figures
  return (
    <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 340px), 1fr))' }}>
      <Heading title="This page" says="Messages of this window, heartbeats left out." />
      <Plot
        title="Messages a second"
        room={MOST_SAMPLES}
        series={[
          { name: 'in', values: own.map(({ messagesIn }) => messagesIn) },
          { name: 'out', values: own.map(({ messagesOut }) => messagesOut) },
        ]}
      />
      <Plot
        title="Round trip"
        unit=" ms"
        room={MOST_SAMPLES}
        series={[{ name: 'ping', values: own.map(({ latencyMs }) => latencyMs) }]}
      />
      {config.isStaff && (
        <>
          <Heading title="The server" says={says(latest)} />
          {problem && (
            <Alert severity="error" sx={{ gridColumn: '1 / -1' }}>
              {problem}
            </Alert>
          )}
          <ServerPlots answers={answers} />
          {latest && <Largest figures={latest} />}
        </>
      )}
    </Box>
  )
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`

const says = (figures: Figures | undefined): string =>
  figures
    ? `Process ${figures.process}: ${counted(figures.connections, 'connection')} of ${counted(figures.users, 'user')}, ` +
      `${counted(figures.live_reads, 'live read')} in ${counted(figures.groups, 'group')}, which hold ` +
      `${Math.round(figures.held_bytes / 1024).toLocaleString('en')} KiB. Each process has figures of its own.`
    : 'Asking …'

function ServerPlots({ answers }: { readonly answers: readonly Answered[] }): JSX.Element {
  const values = (read: (figures: Figures) => number): number[] => answers.map(({ figures }) => read(figures))
  const rates = (read: (figures: Figures) => number): (number | null)[] =>
    ratesOf(answers.map(({ figures }) => ({ at: figures.at * 1_000, n: read(figures) })))
  const room = MOST_ANSWERS
  return (
    <>
      <Plot
        title="Messages a second"
        room={room}
        series={[
          { name: 'received', values: rates(({ received }) => received) },
          { name: 'sent', values: rates(({ sent }) => sent) },
        ]}
      />
      <Plot
        title="Live reads"
        room={room}
        series={[
          { name: 'reads', values: values(({ live_reads }) => live_reads) },
          { name: 'groups', values: values(({ groups }) => groups) },
        ]}
      />
      <Plot
        title="Evaluations a second"
        room={room}
        series={[
          { name: 'all', values: rates(({ evaluations }) => evaluations) },
          { name: 'of whole lists', values: rates(({ whole_evaluations }) => whole_evaluations) },
        ]}
      />
      <Plot
        title="SQL statements of live reads, a second"
        room={room}
        series={[{ name: 'statements', values: rates(({ statements }) => statements) }]}
      />
      <Plot
        title="Time in evaluations, a second"
        unit=" ms"
        room={room}
        series={[{ name: 'spent', values: rates(({ milliseconds }) => milliseconds) }]}
      />
      <Plot
        title="A request for these figures"
        unit=" ms"
        room={room}
        series={[{ name: 'took', values: answers.map(({ tookMs }) => tookMs) }]}
      />
    </>
  )
}

function Heading({ title, says: text }: { readonly title: string; readonly says: string }): JSX.Element {
  return (
    <Box sx={{ gridColumn: '1 / -1' }}>
      <Typography variant="h1">{title}</Typography>
      <Typography variant="body2" sx={{ color: 'text.secondary' }}>
        {text}
      </Typography>
    </Box>
  )
}

function Largest({ figures }: { readonly figures: Figures }): JSX.Element {
  return (
    <Paper component="section" variant="outlined" aria-label="Groups" sx={{ p: 2, gridColumn: '1 / -1' }}>
      <Typography variant="h2">Groups with the most readers</Typography>
      <Typography variant="body2" sx={{ color: 'text.secondary' }}>
        One evaluation serves all readers of a group. Whose they are, and what they asked, is not said here.
      </Typography>
      <Box sx={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label="Groups, as a table">
        <Table size="small">
          <TableHead>
            <TableRow>
              {['Stream', 'Action', 'Readers', 'Took', 'Statements', 'Read'].map(head => (
                <TableCell key={head}>{head}</TableCell>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            {figures.largest.map((group, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name
              <TableRow key={index}>
                <TableCell>{group.stream}</TableCell>
                <TableCell>{group.action}</TableCell>
                <TableCell>{group.readers}</TableCell>
                <TableCell>{group.took_ms} ms</TableCell>
                <TableCell>{group.statements}</TableCell>
                <TableCell>{group.whole ? 'all rows' : 'what had changed'}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </Box>
    </Paper>
  )
}
