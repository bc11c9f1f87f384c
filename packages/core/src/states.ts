import type { BindingError } from './errors.js'

/** Where the connection stands. */
export type ConnectionStatus = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'unauthorized' | 'closed'

/** The connection as a user interface shows it; a new object after each change. */
export interface ConnectionState {
  readonly status: ConnectionStatus
  /** What carries messages while it is open: a socket, or HTTP where none could be opened. */
  readonly transport: 'ws' | 'http' | null
  /** Round trip of the last ping in milliseconds; `null` until one was measured. */
  readonly latencyMs: number | null
  /** Attempts since the connection was last open. */
  readonly attempts: number
  readonly hasEverConnected: boolean
  /** When the next attempt starts, as `Date.now()` counts; `null` while none is due. */
  readonly nextRetryAt: number | null
  readonly lastError: BindingError | null
  /** Who the server says this is, from `cb.hello`. */
  readonly user: unknown
}

/** Where a live read stands. */
export type LiveStatus = 'pending' | 'success' | 'error' | 'gone'

/** A live read as its observers see it; a new object after each change. */
export interface LiveState<T = unknown> {
  readonly status: LiveStatus
  /** `undefined` until the first success, and when the row is gone. */
  readonly data: T | undefined
  /** Why nothing is shown; or, beside data, why that is not live just now. */
  readonly error: BindingError | null
  /** Version of the data; `null` before the first, and from servers that send none. */
  readonly v: string | null
  /** Whether changes arrive right now. */
  readonly isLive: boolean
}

/** What happens to a connection. */
export type ConnectionEvent =
  /** `connect()`, or the first use. */
  | 'connect'
  /** `reconnect()`. */
  | 'reconnect'
  /** `close()`. */
  | 'close'
  /** A socket is open, or HTTP has answered. */
  | 'opened'
  /** It was lost, or could not be opened: closed with 45xx, or without a word. */
  | 'lost'
  /** The server does not want this user: 4401, 4403. */
  | 'refused'
  /** The server does not want this connection: another 44xx, or `cb.goaway` without `reconnect`. */
  | 'ended'

/** What happens to a live read. */
export type ReadEvent =
  /** An answer, or a change. */
  | 'answered'
  /** The row is not there any more, or may no longer be seen. */
  | 'gone'
  /** An error that the same question would bring again. */
  | 'refused'
  /** An error that may pass: the question is repeated. */
  | 'delayed'
  /** The connection was lost. */
  | 'lost'

/** In which status a connection is after an event; `null` where it stays. */
export const CONNECTION: Readonly<
  Record<ConnectionStatus, Readonly<Record<ConnectionEvent, ConnectionStatus | null>>>
> = {
  idle: {
    connect: 'connecting',
    reconnect: 'connecting',
    close: 'closed',
    opened: null,
    lost: null,
    refused: null,
    ended: null,
  },
  connecting: {
    connect: null,
    reconnect: null,
    close: 'closed',
    opened: 'open',
    lost: 'reconnecting',
    refused: 'unauthorized',
    ended: 'closed',
  },
  open: {
    connect: null,
    reconnect: 'reconnecting',
    close: 'closed',
    opened: null,
    lost: 'reconnecting',
    refused: 'unauthorized',
    ended: 'closed',
  },
  reconnecting: {
    connect: null,
    reconnect: null,
    close: 'closed',
    opened: 'open',
    lost: null,
    refused: 'unauthorized',
    ended: 'closed',
  },
  unauthorized: {
    connect: 'connecting',
    reconnect: 'connecting',
    close: 'closed',
    opened: null,
    lost: null,
    refused: null,
    ended: null,
  },
  closed: {
    connect: 'connecting',
    reconnect: 'connecting',
    close: null,
    opened: null,
    lost: null,
    refused: null,
    ended: null,
  },
}

/** In which status a live read is after an event; `null` where it stays. */
export const READ: Readonly<Record<LiveStatus, Readonly<Record<ReadEvent, LiveStatus | null>>>> = {
  pending: { answered: 'success', gone: 'gone', refused: 'error', delayed: 'error', lost: null },
  success: { answered: null, gone: 'gone', refused: 'error', delayed: null, lost: null },
  error: { answered: 'success', gone: 'gone', refused: null, delayed: null, lost: null },
  gone: { answered: 'success', gone: null, refused: 'error', delayed: 'error', lost: null },
}
