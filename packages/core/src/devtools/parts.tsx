import { type JSX, type ReactNode, useState } from 'react'
import type { ChannelsClient } from '../index.js'
import { Writes } from '../writes/index.js'
import { type DevtoolsLog, type LogState, sizeOf } from './log.js'
import type { LoggedMessage, LoggedRead, Why } from './messages.js'
import { BUTTON, CELL, CODE, HEAD, JSON_TEXT, LINK, NOTE, NUMBER, TABLE } from './styles.js'

const time = (at: number): string => new Date(at).toISOString().slice(11, 23)
const json = (value: unknown): string => JSON.stringify(value, null, 2)

function Table({
  label,
  heads,
  children,
}: {
  label: string
  heads: readonly string[]
  children: ReactNode
}): JSX.Element {
  return (
    <table aria-label={label} style={TABLE}>
      <thead>
        <tr>
          {heads.map(head => (
            <th key={head} scope="col" style={HEAD}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  )
}

/** The connection, what it was before, and how long calls take. */
export function ConnectionPart({ client, state }: { client: ChannelsClient; state: LogState }): JSX.Element {
  const { connection, tookMs, history } = state
  const sorted = [...tookMs].sort((a, b) => a - b)
  const at = (part: number): string => (sorted.length ? `${sorted[Math.floor((sorted.length - 1) * part)]} ms` : '–')
  const facts: readonly (readonly [string, string])[] = [
    ['Status', connection.status + (connection.transport ? ` (${connection.transport})` : '')],
    ['User', json(connection.user)],
    ['Round trip', connection.latencyMs === null ? '–' : `${Math.round(connection.latencyMs)} ms`],
    [`Last ${sorted.length} replies`, `median ${at(0.5)}, slowest ${at(1)}`],
    ['In flight', String(state.inFlight)],
    ['Messages', `${state.received} received, ${state.sent} sent`],
    ['Divergences', String(state.divergences)],
  ]
  return (
    <>
      <dl style={{ display: 'grid', gridTemplateColumns: 'max-content 1fr', gap: '0 12px', margin: '0 0 8px' }}>
        {facts.map(([name, value]) => [
          <dt key={name} style={NOTE}>
            {name}
          </dt>,
          <dd key={`${name} value`} style={{ margin: 0 }}>
            {value}
          </dd>,
        ])}
      </dl>
      <p style={{ margin: '0 0 8px', display: 'flex', gap: 8 }}>
        <button type="button" style={BUTTON} onClick={() => client.reconnect()}>
          Reconnect
        </button>
        <button type="button" style={BUTTON} onClick={() => client.close()}>
          Disconnect
        </button>
      </p>
      <Table label="Changes of the connection" heads={['Time', 'Status', 'By', 'Why']}>
        {[...history].reverse().map(change => (
          <tr key={`${change.at} ${change.status} ${change.transport}`}>
            <td style={CELL}>{time(change.at)}</td>
            <td style={CELL}>{change.status}</td>
            <td style={CELL}>{change.transport ?? ''}</td>
            <td style={CELL}>{change.reason ?? ''}</td>
          </tr>
        ))}
      </Table>
    </>
  )
}

function WhyText({ why }: { why: Why }): JSX.Element {
  const models = Object.entries(why.models).map(([model, keys]) =>
    keys ? `${model} ${keys.join(', ')}` : `any ${model}`,
  )
  const changed = models.length ? `changed: ${models.join('; ')}` : 'nothing noted as changed'
  return (
    <>
      {changed} · {why.readers} {why.readers === 1 ? 'reader' : 'readers'} · {why.took_ms} ms, {why.statements}{' '}
      {why.statements === 1 ? 'statement' : 'statements'}
      <br />
      <span style={{ ...CODE, ...NOTE }}>{why.group}</span>
    </>
  )
}

function Read({ read, log }: { read: LoggedRead; log: DevtoolsLog }): JSX.Element {
  const [end, setEnd] = useState<(() => void) | null>(null)
  const toggle = (): void => {
    end?.()
    setEnd(end ? null : () => log.explain(read.event))
  }
  return (
    <tr>
      <td style={CELL}>
        <span style={CODE}>{read.event}</span>
        <br />
        <span style={{ ...CODE, ...NOTE }}>
          {read.params ? JSON.stringify(read.params) : 'opened before the log began'}
        </span>
      </td>
      <td style={CELL}>{read.error ?? read.status}</td>
      <td style={{ ...CELL, ...CODE, whiteSpace: 'nowrap' }}>{read.v ?? ''}</td>
      <td style={NUMBER}>
        {read.rows === null ? '?' : read.count === null ? read.rows : `${read.rows} of ${read.count}`}
      </td>
      <td style={NUMBER}>{read.diffs}</td>
      <td style={CELL}>{time(read.at)}</td>
      <td style={CELL}>
        {read.why && <WhyText why={read.why} />}
        {read.params && read.status !== 'ended' && (
          <button type="button" style={BUTTON} aria-pressed={end !== null} onClick={toggle}>
            {end ? 'Enough' : 'Why?'}
          </button>
        )}
      </td>
    </tr>
  )
}

/** Live reads: what each shows, and why it was last sent something. */
export function ReadsPart({ log, state }: { log: DevtoolsLog; state: LogState }): JSX.Element {
  const shown = state.reads.filter(({ params }) => params?.why !== true)
  if (!shown.length) return <p style={NOTE}>Nothing is read live.</p>
  return (
    <Table label="Live reads" heads={['Read', 'State', 'Version', 'Rows', 'Diffs', 'Last', 'Why (staff)']}>
      {shown.map(read => (
        <Read key={read.event} read={read} log={log} />
      ))}
    </Table>
  )
}

function Row({ message }: { message: LoggedMessage }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const { direction, event, kind, size, tookMs, body } = message
  return (
    <>
      <tr>
        <td style={CELL}>{time(message.at)}</td>
        <td style={CELL}>{direction === 'in' ? '← in' : '→ out'}</td>
        <td style={CELL}>
          <button type="button" style={LINK} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? '▾' : '▸'} {event}
          </button>
        </td>
        <td style={CELL}>{kind}</td>
        <td style={NUMBER}>{sizeOf(size)}</td>
        <td style={NUMBER}>{tookMs === null ? '' : `${tookMs} ms`}</td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={6} style={{ padding: 0 }}>
            <pre style={JSON_TEXT}>{json(body)}</pre>
          </td>
        </tr>
      )}
    </>
  )
}

/** What went by, with its bodies. */
export function MessagesPart({ log, state }: { log: DevtoolsLog; state: LogState }): JSX.Element {
  const [text, setText] = useState('')
  const shown = state.messages.filter(({ event, kind }) =>
    `${event} ${kind}`.toLowerCase().includes(text.toLowerCase()),
  )
  return (
    <>
      <p style={{ margin: '0 0 8px', display: 'flex', gap: 8 }}>
        <input
          type="search"
          aria-label="Filter messages"
          placeholder="Filter: desk.Ticket, diff, error …"
          value={text}
          onChange={change => setText(change.target.value)}
          style={{ ...BUTTON, cursor: 'text', width: 260 }}
        />
        <button type="button" style={BUTTON} aria-pressed={state.isPaused} onClick={() => log.pause(!state.isPaused)}>
          {state.isPaused ? 'Go on' : 'Pause'}
        </button>
        <button type="button" style={BUTTON} onClick={() => log.clear()}>
          Clear
        </button>
        <span style={NOTE}>
          {shown.length} of {state.messages.length}
        </span>
      </p>
      <Table label="Messages" heads={['Time', 'Way', 'Event', 'Kind', 'Size', 'Took']}>
        {[...shown].reverse().map(message => (
          <Row key={message.n} message={message} />
        ))}
      </Table>
    </>
  )
}

/** What waits to be written. */
export function WritesPart({ client, state }: { client: ChannelsClient; state: LogState }): JSX.Element {
  if (!state.writes.length) return <p style={NOTE}>Nothing waits to be written.</p>
  const writes = Writes.of(client)
  return (
    <Table label="Writes" heads={['Write', 'State', 'Values', '']}>
      {state.writes.map(write => (
        <tr key={write.key}>
          <td style={{ ...CELL, ...CODE }}>
            {write.stream}.{write.action} {write.id}
          </td>
          <td style={CELL}>{write.error ? `${write.state}: ${write.error.message}` : write.state}</td>
          <td style={{ ...CELL, ...CODE }}>{JSON.stringify(write.values)}</td>
          <td style={CELL}>
            {write.state === 'refused' && (
              <button type="button" style={BUTTON} onClick={() => writes.retry(write.key)}>
                Retry
              </button>
            )}
            {write.state !== 'sent' && (
              <button type="button" style={BUTTON} onClick={() => writes.drop(write.key)}>
                Drop
              </button>
            )}
          </td>
        </tr>
      ))}
    </Table>
  )
}
