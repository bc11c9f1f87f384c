import { parseEvent, READS } from '../names.js'
import type { Frame } from '../transport.js'
import { messagesOf } from '../transport.js'
import type { Message } from '../types.js'

/** A message that went by. */
export interface LoggedMessage {
  /** Counts up from 1. */
  readonly n: number
  /** Milliseconds of the clock. */
  readonly at: number
  readonly direction: 'in' | 'out'
  readonly event: string
  readonly id: string | number | null
  /** `snapshot`, `diff`, …; `error`; `call` and `reply`; `push` for everything else that the server says. */
  readonly kind: string
  /** Characters of its text. */
  readonly size: number
  /** The whole message, tokens left out. */
  readonly body: Readonly<Record<string, unknown>>
  /** Of a reply, the milliseconds since its call; `null` of all else. */
  readonly tookMs: number | null
}

/** Why a live read was sent something, as the server tells members of the staff who ask with `"why": true`. */
export interface Why {
  /** Which rows were noted as changed, by model; `null` is any row. */
  readonly models: Readonly<Record<string, readonly (string | number)[] | null>>
  /** The name of the evaluation; who has the same shares it. */
  readonly group: string
  /** Connections that share it, at this process. */
  readonly readers: number
  readonly took_ms: number
  readonly statements: number
  readonly [member: string]: unknown
}

/** A live read, as far as the messages tell. */
export interface LoggedRead {
  /** The name of its messages: `desk.Ticket.search#h1`. */
  readonly event: string
  readonly stream: string
  readonly action: string
  /** What was asked for; `null` of a read that was opened before the log began. */
  readonly params: Readonly<Record<string, unknown>> | null
  readonly status: 'pending' | 'live' | 'gone' | 'error' | 'ended'
  readonly v: string | null
  /** How many rows it shows; `null` where that is not known. */
  readonly rows: number | null
  /** How many match, where the server counts. */
  readonly count: number | null
  /** Differences that came after the first answer. */
  readonly diffs: number
  /** Times that it was answered anew, after a reconnect for instance. */
  readonly answers: number
  /** Milliseconds of the clock of the last message. */
  readonly at: number
  readonly why: Why | null
  readonly error: string | null
}

type Data = Readonly<Record<string, unknown>>

const listOf = (data: Data, name: string): readonly unknown[] => (Array.isArray(data[name]) ? data[name] : [])

/** The messages of a frame; text that is none is one message of its own. */
export function messagesIn({ text }: Frame): readonly Message[] {
  const found = messagesOf(text)
  return found.length ? found : [{ event: 'cb.error', data: text }]
}

/** What kind of message it is. */
export function kindOf(direction: 'in' | 'out', { type, error, id }: Message): string {
  if (error) return 'error'
  if (direction === 'out') return 'call'
  return type ?? (id === undefined ? 'push' : 'reply')
}

/** A read that is begun by this request, or asked for again; `null` for all else. */
export function begun({ event, data, id }: Message, known: LoggedRead | undefined, at: number): LoggedRead | null {
  const { stream, action, hash } = parseEvent(event)
  const params = (data ?? {}) as Data
  if (!READS.has(action) || hash === null || id === undefined || params.live === false) return null
  if (known) return { ...known, params, status: known.status === 'live' ? 'live' : 'pending', at }
  return { ...UNKNOWN, event, stream, action, params, at }
}

const UNKNOWN: LoggedRead = {
  event: '',
  stream: '',
  action: '',
  params: null,
  status: 'pending',
  v: null,
  rows: null,
  count: null,
  diffs: 0,
  answers: 0,
  at: 0,
  why: null,
  error: null,
}

/** A read that was opened before anybody looked. */
export function unknownRead(event: string, at: number): LoggedRead {
  const { stream, action } = parseEvent(event)
  return { ...UNKNOWN, event, stream, action, at }
}

/** A read after a message of its own. */
export function after(read: LoggedRead, message: Message, at: number): LoggedRead {
  const { type, error, v } = message
  if (error) return { ...read, status: 'error', error: `${error.code}: ${error.message}`, at }
  if (type === 'gone') return { ...read, status: 'gone', v: null, rows: 0, count: null, at }
  const data = (message.data ?? {}) as Data
  const why = (message as { why?: Why }).why ?? read.why
  const count = typeof data.count === 'number' ? data.count : read.count
  const shown = {
    ...read,
    status: 'live' as const,
    error: null,
    v: v ?? read.v,
    count,
    why,
    at,
    rows: rowsAfter(read, type, data),
  }
  return type === 'diff' ? { ...shown, diffs: read.diffs + 1 } : { ...shown, answers: read.answers + 1 }
}

function rowsAfter({ rows }: LoggedRead, type: string | undefined, data: Data): number | null {
  if (type === 'delta') return listOf(data, 'order').length
  if (type === 'same') return rows
  if (type !== 'diff') return Array.isArray(data.rows) ? data.rows.length : 1
  return rows === null ? null : rows - listOf(data, 'remove').length + listOf(data, 'put').length
}
