import type { BackoffOptions } from './backoff.js'
import type { TokenSource } from './credentials.js'
import type { WireError } from './errors.js'
import type { HeartbeatOptions } from './monitor.js'
import type { SocketConstructor } from './socket.js'
import type { LiveState } from './types.js'
import type { WritesOptions } from './writes/write.js'

/** How a client finds and treats its server. */
export interface ClientOptions {
  /** Where the socket is; resolved each time it connects. @default `ws(s)://<location.host>/ws/` */
  readonly url?: string | (() => string | Promise<string>)
  /** What carries messages: `'auto'` takes HTTP where no socket can be opened, and a socket as soon as that works. @default 'auto' */
  readonly transport?: 'auto' | 'ws' | 'http'
  /** Where the HTTP twin is; ends with a slash. @default '/api/' of the host of `url`, or of the page */
  readonly apiUrl?: string
  /** The word before a token in HTTP's `Authorization`. @default `Bearer` or `Token`, whichever the server knows */
  readonly tokenScheme?: string
  /** Time in milliseconds between two questions for each live read, where only HTTP works and no answer can be streamed. @default 3000 */
  readonly pollMs?: number
  /** `null` for a server that only knows `{event, data}`. @default 'cb.1.json' */
  readonly subprotocol?: 'cb.1.json' | null
  /** Who this is, where no session cookie says it: a token, or a function that gets one; asked again before it is over, and by uploads. */
  readonly token?: TokenSource
  /** Whether the token travels as the first message, or in the handshake (as `bearer.<token>`). @default 'message' */
  readonly tokenIn?: 'message' | 'subprotocol'
  /** Time in milliseconds until a call or read without an answer ends with `timeout`. @default 15000 */
  readonly timeoutMs?: number
  /** Time in milliseconds that a live read is kept after its last observer left. @default 1500 */
  readonly graceMs?: number
  /** Time in milliseconds that a handshake may take. @default 10000 */
  readonly connectTimeoutMs?: number
  /** Pings for latency and half-open links; `false` for none. */
  readonly heartbeat?: HeartbeatOptions | false
  /** Waits between attempts to connect. */
  readonly backoff?: BackoffOptions
  /** Called when the server closes with 4401 or 4403; `reconnect()` tries again, after a login for instance. */
  readonly onUnauthorized?: (code: 4401 | 4403) => void
  /** How writes that wait for a connection are kept. */
  readonly writes?: WritesOptions
  /** @default globalThis.WebSocket */
  readonly WebSocket?: SocketConstructor
  /**
   * Whether requests bring cookies, as `fetch` has it. `'include'` for a page of another origin whose session the server
   * knows, such as Vite's at port 5173; the server allows it with `CORS_ALLOW_CREDENTIALS`. @default 'same-origin'
   */
  readonly credentials?: RequestCredentials
  /** @default globalThis.fetch */
  readonly fetch?: typeof fetch
}

/** What the client counts. */
export interface ClientStats {
  /** Live messages that did not fit what was shown; stays 0. */
  divergences: number
  /** Messages from the server. */
  received: number
  /** Messages to the server. */
  sent: number
}

/** What the server grants, from `cb.hello`; empty before it. */
export interface ServerLimits {
  readonly frame_bytes?: number
  readonly subscriptions?: number
  readonly window_rows?: number
  readonly calls_in_flight?: number
  readonly messages_per_second?: number
  readonly depth?: number
  readonly refusals?: number
  readonly held_bytes?: number
  readonly connections?: number
}

/** In what language and time zone a server answers; what is left out stays. */
export interface Locale {
  /** One of the site's languages: `'de'`. */
  readonly language?: string
  /** A name of the IANA database: `'Europe/Berlin'`. */
  readonly timezone?: string
}

/** One operation of a batch; `{"$ref": "name.id"}` in later data stands for the reply of the operation named so. */
export interface BatchOperation {
  readonly event: string
  readonly data?: unknown
  readonly as?: string
}

/** What became of one operation of a batch. */
export type BatchResult =
  | { readonly data: unknown; readonly v?: string; readonly error?: never }
  | { readonly error: WireError; readonly data?: never }

/** The answer of a batch: one result for each operation, in order. */
export interface BatchAnswer {
  /** Whether every operation has succeeded; always true of an atomic batch, which rejects otherwise. */
  readonly success: boolean
  readonly results: readonly BatchResult[]
}

/** Params of a one-shot read. */
export interface OneShot {
  /** One-shot reads are never live; here to be written out where that helps the reader. @default false */
  readonly live?: false
}

/** Called with each new state of a live read. */
export type LiveObserver<T> = (state: LiveState<T>) => void
