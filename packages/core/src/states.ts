import type { ConnectionStatus, LiveStatus } from './types.js'

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

/** In which status a connection is after an event. */
export const CONNECTION: Readonly<Record<ConnectionStatus, Readonly<Record<ConnectionEvent, ConnectionStatus>>>> = {
  idle: {
    connect: 'connecting',
    reconnect: 'connecting',
    close: 'closed',
    opened: 'idle',
    lost: 'idle',
    refused: 'idle',
    ended: 'idle',
  },
  connecting: {
    connect: 'connecting',
    reconnect: 'connecting',
    close: 'closed',
    opened: 'open',
    lost: 'reconnecting',
    refused: 'unauthorized',
    ended: 'closed',
  },
  open: {
    connect: 'open',
    reconnect: 'reconnecting',
    close: 'closed',
    opened: 'open',
    lost: 'reconnecting',
    refused: 'unauthorized',
    ended: 'closed',
  },
  reconnecting: {
    connect: 'reconnecting',
    reconnect: 'reconnecting',
    close: 'closed',
    opened: 'open',
    lost: 'reconnecting',
    refused: 'unauthorized',
    ended: 'closed',
  },
  unauthorized: {
    connect: 'connecting',
    reconnect: 'connecting',
    close: 'closed',
    opened: 'unauthorized',
    lost: 'unauthorized',
    refused: 'unauthorized',
    ended: 'unauthorized',
  },
  closed: {
    connect: 'connecting',
    reconnect: 'connecting',
    close: 'closed',
    opened: 'closed',
    lost: 'closed',
    refused: 'closed',
    ended: 'closed',
  },
}

/** In which status a live read is after an event. */
export const READ: Readonly<Record<LiveStatus, Readonly<Record<ReadEvent, LiveStatus>>>> = {
  pending: { answered: 'success', gone: 'gone', refused: 'error', delayed: 'error', lost: 'pending' },
  success: { answered: 'success', gone: 'gone', refused: 'error', delayed: 'success', lost: 'success' },
  error: { answered: 'success', gone: 'gone', refused: 'error', delayed: 'error', lost: 'error' },
  gone: { answered: 'success', gone: 'gone', refused: 'error', delayed: 'error', lost: 'gone' },
}
