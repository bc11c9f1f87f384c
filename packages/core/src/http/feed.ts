import { Backoff } from '../backoff.js'
import { Timer } from '../timer.js'
import type { Message, Request } from '../types.js'
import { messagesOfEvents } from './eventStream.js'
import { errorOf } from './exchange.js'

/** What a feed needs from around it. */
export interface FeedContext {
  /** Asks for events; rejects where the server cannot be reached. */
  ask(request: Request, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response>
  received(message: Message): void
  /** The server cannot be reached. */
  lost(): void
  /** Whether one more answer that does not end may be open; if so, `release` must follow. */
  claim(): boolean
  release(): void
  /** Nothing comes of what is streamed: something on the way collects it. */
  buffered(): void
  /** Time in milliseconds until the first message of a stream, before it counts as collected on the way. */
  readonly patienceMs: number
  /** Time in milliseconds between two questions, where nothing is streamed. */
  readonly pollMs: number
}

const EVENTS = { Accept: 'text/event-stream' }

/** Streams in a row that ended before their first message, before that counts as collected on the way. */
const MOST_EMPTY = 3

/**
 * Keeps one live read live over HTTP: a first answer alone, which passes every proxy; from then on a stream of events that goes
 * on from there, or the same question again and again. Knows one request; knows nothing of what its answers mean.
 */
export class Feed {
  readonly #request: Request
  readonly #context: FeedContext
  readonly #life = new AbortController()
  readonly #backoff = new Backoff({ minMs: 250, maxMs: 10_000 })
  /** The version that is shown, with which the server goes on. */
  #v: string | undefined
  #isOver = false
  #heard: (() => void)[] = []

  constructor(request: Request, context: FeedContext) {
    this.#request = request
    this.#context = context
    this.#v = request.have?.v
  }

  /** Asks, and stays live until `stop`, or until the server ends the read. */
  async run(): Promise<void> {
    try {
      await this.#ask(this.#request.id)
      let empty = 0
      while (this.#isWanted) {
        if (!this.#context.claim()) await this.#poll()
        else if (await this.#stream()) empty = 0
        else if (++empty >= MOST_EMPTY) this.#context.buffered()
      }
    } catch {
      if (this.#isWanted) this.#context.lost()
    }
  }

  /** Ends it; nothing is received any more. */
  stop(): void {
    this.#life.abort()
    this.#tell()
  }

  /** Resolves with the next message, or when there will be none. */
  next(): Promise<void> {
    return this.#isWanted ? new Promise(resolve => this.#heard.push(resolve)) : Promise.resolve()
  }

  /** Asks at once. */
  async refresh(): Promise<void> {
    if (this.#isWanted) await this.#ask().catch(() => undefined)
  }

  get #isWanted(): boolean {
    return !this.#isOver && !this.#life.signal.aborted
  }

  /** One question and its answer. */
  async #ask(id?: number): Promise<void> {
    await this.#listen({ Prefer: 'wait=0' }, this.#life.signal, id)
  }

  async #poll(): Promise<void> {
    await this.#wait(this.#context.pollMs)
    if (this.#isWanted) await this.#ask()
  }

  /** One stream, until it ends; returns whether anything came of it. */
  async #stream(): Promise<boolean> {
    const { patienceMs, release, buffered } = this.#context
    const ending = new AbortController()
    const signal = AbortSignal.any([ending.signal, this.#life.signal])
    const timer = new Timer()
    timer.start(() => {
      buffered()
      ending.abort()
    }, patienceMs)
    let isAlive = false
    try {
      isAlive = await this.#listen({}, signal, undefined, () => timer.stop())
    } catch (error) {
      if (!ending.signal.aborted && !this.#isInterrupted(error)) throw error
    } finally {
      timer.stop()
      release()
    }
    if (isAlive) this.#backoff.reset()
    if (this.#isWanted) await this.#wait(this.#backoff.nextDelayMs())
    return isAlive
  }

  /** Whether a stream was cut off, as opposed to one that could not be opened. */
  #isInterrupted(error: unknown): boolean {
    return error instanceof Interrupted
  }

  async #listen(
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    id: number | undefined,
    first?: () => void,
  ): Promise<boolean> {
    const have = this.#v !== undefined && { 'Last-Event-ID': this.#v }
    const response = await this.#context.ask(this.#request, { ...EVENTS, ...headers, ...have }, signal)
    if (!response.ok || !response.body) {
      const error = errorOf(response, await response.json().catch(() => undefined))
      this.#deliver({ event: '', error }, id)
      return true
    }
    let count = 0
    try {
      for await (const message of messagesOfEvents(response.body)) {
        if (signal.aborted) break
        first?.()
        this.#deliver(message, count++ ? undefined : id)
      }
    } catch {
      throw new Interrupted()
    }
    if (!count && id !== undefined) throw new Interrupted()
    return count > 0
  }

  /** Hands on what the server says of this read, under the name that the client gave it. */
  #deliver({ event, ...message }: Message, id: number | undefined): void {
    if (!this.#isWanted || event === 'cb.goaway') return
    if (event === 'cb.user') return this.#context.received({ ...message, event })
    this.#v = message.type === 'gone' ? undefined : (message.v ?? this.#v)
    this.#isOver = message.error !== undefined
    this.#context.received({ ...message, event: this.#request.event, ...(id !== undefined && { id }) })
    this.#tell()
  }

  #tell(): void {
    for (const resolve of this.#heard.splice(0)) resolve()
  }

  #wait(ms: number): Promise<void> {
    const { signal } = this.#life
    return new Promise(resolve => {
      const timer = new Timer()
      const end = (): void => {
        timer.stop()
        signal.removeEventListener('abort', end)
        resolve()
      }
      timer.start(end, ms)
      signal.addEventListener('abort', end)
    })
  }
}

/** A body that did not come to its end. */
class Interrupted extends Error {}
