import type { ChannelsClient, ConnectionState, LiveHandle } from '../index.js'
import { Listeners } from '../listeners.js'
import { parseEvent } from '../names.js'
import type { Frame } from '../transport.js'
import type { Message } from '../types.js'
import { type PendingWrite, Writes } from '../writes/index.js'

export type { LoggedMessage, LoggedRead, Why } from './messages.js'

import { after, begun, kindOf, type LoggedMessage, type LoggedRead, messagesIn, unknownRead } from './messages.js'

/** One change of the connection. */
export interface ConnectionChange {
  /** Milliseconds of the clock. */
  readonly at: number
  readonly status: ConnectionState['status']
  readonly transport: ConnectionState['transport']
  /** Why it was lost or refused. */
  readonly reason: string | null
}

/** What the log knows; a new object after each change. */
export interface LogState {
  readonly connection: ConnectionState
  /** Its changes, the last one last. */
  readonly history: readonly ConnectionChange[]
  /** The last messages, the last one last. */
  readonly messages: readonly LoggedMessage[]
  /** Live reads, in the order in which they were opened. */
  readonly reads: readonly LoggedRead[]
  /** What waits to be written. */
  readonly writes: readonly PendingWrite[]
  /** Calls that are not answered yet. */
  readonly inFlight: number
  /** The last times from a call to its reply, in milliseconds. */
  readonly tookMs: readonly number[]
  /** Live messages that did not fit what was shown; stays 0. */
  readonly divergences: number
  readonly received: number
  readonly sent: number
  readonly isPaused: boolean
}

/** How much is kept. */
export interface LogOptions {
  /** Messages. @default 300 */
  readonly messages?: number
  /** Changes of the connection. @default 50 */
  readonly changes?: number
}

/** Callbacks are called so often at most, in milliseconds. */
const PACE_MS = 100
const TIMES = 50
/** Reads that have ended are forgotten beyond so many. */
const MOST_ENDED = 20

const logs = new WeakMap<ChannelsClient, DevtoolsLog>()

/**
 * Watches a client: its connection, messages, live reads and writes. Begin it where the client is made, since what went by before is not
 * known. Knows what any application may know of a client; knows no page.
 */
export class DevtoolsLog {
  readonly #client: ChannelsClient
  readonly #options: Required<LogOptions>
  readonly #listeners = new Listeners()
  readonly #heard = new Listeners<[LoggedMessage]>()
  readonly #ends: (() => void)[]
  readonly #calls = new Map<string | number, number>()
  readonly #reads = new Map<string, LoggedRead>()
  readonly #explained = new Map<string, LiveHandle>()
  #messages: readonly LoggedMessage[] = []
  #history: readonly ConnectionChange[] = []
  #tookMs: readonly number[] = []
  #isPaused = false
  #n = 0
  #state: LogState
  #timer: ReturnType<typeof setTimeout> | undefined

  /** The log of a client, which begins now unless it runs: always the same one. */
  static of(client: ChannelsClient, options: LogOptions = {}): DevtoolsLog {
    const known = logs.get(client) ?? new DevtoolsLog(client, { messages: 300, changes: 50, ...options })
    logs.set(client, known)
    return known
  }

  private constructor(client: ChannelsClient, options: Required<LogOptions>) {
    this.#client = client
    this.#options = options
    this.#ends = [
      client.onFrame(frame => this.#frame(frame)),
      client.onState(() => this.#stateChanged()),
      Writes.of(client).subscribe(() => this.#changed()),
    ]
    this.#stateChanged()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#state = this.#now()
  }

  /** What is known; the same object until it changes. */
  readonly getState = (): LogState => this.#state

  /** Calls back after changes, ten times a second at most. */
  readonly subscribe = (callback: () => void): (() => void) => this.#listeners.add(callback)

  /** Calls back with each message, at once. */
  onMessage(callback: (message: LoggedMessage) => void): () => void {
    return this.#heard.add(callback)
  }

  /** No more messages are kept until it is called with `false`; all else is followed. */
  pause(isPaused = true): void {
    this.#isPaused = isPaused
    this.#changed()
  }

  /** Forgets the messages, and the reads that have ended. */
  clear(): void {
    this.#messages = []
    this.#forgetEnded(0)
    this.#changed()
  }

  /**
   * Has the server tell why a read is sent what it is sent, from now on: `read.why`. It is a second read of the same, which the server
   * evaluates together with the first; only members of the staff are told. Returns what ends it.
   */
  explain(event: string): () => void {
    const read = this.#reads.get(event)
    if (!read?.params || this.#explained.has(event)) return () => undefined
    const live = this.#client.live as unknown as (
      stream: string,
      action: string,
      params: unknown,
      observer: () => void,
    ) => LiveHandle
    const handle = live.call(this.#client, read.stream, read.action, { ...read.params, why: true }, () => undefined)
    this.#explained.set(event, handle)
    return () => {
      handle.unsubscribe()
      this.#explained.delete(event)
    }
  }

  /** Ends it: nothing is watched any more. */
  stop(): void {
    for (const end of this.#ends.splice(0)) end()
    for (const handle of this.#explained.values()) handle.unsubscribe()
    clearTimeout(this.#timer)
    if (logs.get(this.#client) === this) logs.delete(this.#client)
  }

  #frame(frame: Frame): void {
    const at = Date.now()
    const all = messagesIn(frame)
    for (const message of all) {
      const size = all.length === 1 ? frame.text.length : JSON.stringify(message).length
      const id = message.id ?? null
      const logged: LoggedMessage = {
        n: ++this.#n,
        at,
        direction: frame.direction,
        event: message.event,
        id,
        kind: kindOf(frame.direction, message),
        size,
        body: message as unknown as Readonly<Record<string, unknown>>,
        tookMs: frame.direction === 'in' && id !== null ? this.#took(id, at) : null,
      }
      if (frame.direction === 'out') this.#sent(message, at)
      else this.#received(message, at)
      if (!this.#isPaused) this.#messages = [...this.#messages.slice(1 - this.#options.messages), logged]
      this.#heard.emit(logged)
    }
    this.#changed()
  }

  #took(id: string | number, at: number): number | null {
    const asked = this.#calls.get(id)
    this.#calls.delete(id)
    if (asked === undefined) return null
    this.#tookMs = [...this.#tookMs.slice(1 - TIMES), at - asked]
    return at - asked
  }

  #sent(message: Message, at: number): void {
    const { event, id } = message
    if (id !== undefined) this.#calls.set(id, at)
    const read = begun(message, this.#reads.get(event), at)
    if (read) this.#reads.set(event, read)
    const { stream, action, hash } = parseEvent(event)
    if (action !== 'unsubscribe' || hash === null) return
    for (const known of this.#reads.values())
      if (known.stream === stream && known.event.endsWith(`#${hash}`))
        this.#reads.set(known.event, { ...known, status: 'ended', at })
    this.#forgetEnded(MOST_ENDED)
  }

  #received(message: Message, at: number): void {
    const { event, type } = message
    const known =
      this.#reads.get(event) ?? (type !== undefined && event.includes('#') ? unknownRead(event, at) : undefined)
    if (known && known.status !== 'ended') this.#reads.set(event, after(known, message, at))
    this.#share(this.#reads.get(event))
  }

  /** What the explaining read was told is true of the one that it explains. */
  #share(read: LoggedRead | undefined): void {
    if (!read?.why || read.params?.why !== true) return
    const { why: _why, ...params } = read.params
    for (const [event, known] of this.#reads)
      if (
        this.#explained.has(event) &&
        known.stream === read.stream &&
        JSON.stringify(known.params) === JSON.stringify(params)
      )
        this.#reads.set(event, { ...known, why: read.why })
  }

  #forgetEnded(most: number): void {
    const ended = [...this.#reads.values()].filter(({ status }) => status === 'ended')
    for (const { event } of ended.slice(0, Math.max(0, ended.length - most))) this.#reads.delete(event)
  }

  #stateChanged(): void {
    const { status, transport, lastError } = this.#client.getState()
    const last = this.#history.at(-1)
    if (last?.status !== status || last.transport !== transport) {
      const change = {
        at: Date.now(),
        status,
        transport,
        reason: status === 'open' ? null : (lastError?.message ?? null),
      }
      this.#history = [...this.#history.slice(1 - this.#options.changes), change]
      if (status !== 'open') this.#calls.clear()
    }
    this.#changed()
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#state = this.#now()
      this.#listeners.emit()
    }, PACE_MS)
  }

  #now(): LogState {
    const { divergences, received, sent } = this.#client.stats
    return {
      connection: this.#client.getState(),
      history: this.#history,
      messages: this.#messages,
      reads: [...this.#reads.values()],
      writes: Writes.of(this.#client).getSnapshot(),
      inFlight: this.#calls.size,
      tookMs: this.#tookMs,
      divergences,
      received,
      sent,
      isPaused: this.#isPaused,
    }
  }
}

/** A line for a message: `← desk.Ticket.search#h1 snapshot 1.2 kB 12 ms`. */
export function lineOf({ direction, event, kind, size, tookMs }: LoggedMessage): string {
  const took = tookMs === null ? '' : ` ${tookMs} ms`
  return `${direction === 'in' ? '←' : '→'} ${event} ${kind} ${sizeOf(size)}${took}`
}

/** `1234` → `'1.2 kB'`. */
export function sizeOf(characters: number): string {
  return characters < 1_000 ? `${characters} B` : `${(characters / 1_000).toFixed(1)} kB`
}

/** Writes a line for each message, where there is no page: `logTo(client, console.debug)`. Returns what ends it. */
export function logTo(client: ChannelsClient, write: (line: string, body: unknown) => void): () => void {
  return DevtoolsLog.of(client).onMessage(message => write(lineOf(message), message.body))
}
