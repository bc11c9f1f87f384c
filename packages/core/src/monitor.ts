import { Timer } from './timer.js'

/** How the heartbeat beats. */
export interface HeartbeatOptions {
  /** Time between two pings in milliseconds. @default 10000 */
  readonly intervalMs?: number
  /** Time to answer in milliseconds, before the link counts as dead. @default 8000 */
  readonly timeoutMs?: number
}

/** What the monitor reports. */
export interface MonitorHandlers {
  ping(n: number): void
  latency(ms: number): void
  /** Nothing was heard since the ping: the link is half open. */
  stale(): void
  /** The network or the page came back: whatever waits may try now. */
  awake(): void
}

/**
 * Decides whether the link is alive, from pings and from what is heard; and notices when network or page return.
 * Knows nothing of sockets, messages or how to connect again.
 */
export class Monitor {
  readonly #intervalMs: number
  readonly #timeoutMs: number
  readonly #handlers: MonitorHandlers
  readonly #beat = new Timer()
  readonly #deadline = new Timer()
  #pinged: { n: number; at: number } | null = null
  #n = 0
  #watching: AbortController | null = null

  constructor(options: HeartbeatOptions, handlers: MonitorHandlers) {
    this.#intervalMs = options.intervalMs ?? 10_000
    this.#timeoutMs = options.timeoutMs ?? 8_000
    this.#handlers = handlers
  }

  /** Begins to beat; call it when the link is open. */
  start(): void {
    this.stop()
    this.#next()
  }

  /** Ends the beat; call it when the link is gone. */
  stop(): void {
    this.#beat.stop()
    this.#deadline.stop()
    this.#pinged = null
  }

  /** Asks at once, unless an answer is awaited already or the monitor is stopped. */
  ping(): void {
    if (this.#pinged || !this.#beat.isRunning) return
    this.#pinged = { n: ++this.#n, at: performance.now() }
    this.#waitForAnswer()
    this.#handlers.ping(this.#n)
  }

  /** Something arrived, so the link lives: the answer may take its full time again. */
  heard(): void {
    if (this.#deadline.isRunning) this.#waitForAnswer()
  }

  /** The answer to ping `n` is here. */
  pong(n: unknown): void {
    if (!this.#pinged || this.#pinged.n !== n) return
    const ms = performance.now() - this.#pinged.at
    this.#pinged = null
    this.#deadline.stop()
    this.#handlers.latency(Math.round(ms * 10) / 10)
  }

  /** Listens to the page's `online` and `visibilitychange`, where there is a page. */
  watch(): void {
    if (this.#watching || !globalThis.addEventListener) return
    this.#watching = new AbortController()
    const { signal } = this.#watching
    const awake = (): unknown => globalThis.document?.hidden || this.#handlers.awake()
    addEventListener('online', () => this.#handlers.awake(), { signal })
    addEventListener('visibilitychange', awake, { signal }) // it bubbles up from the document
  }

  /** Ends `watch`. */
  unwatch(): void {
    this.#watching?.abort()
    this.#watching = null
  }

  #next(): void {
    this.#beat.start(() => this.#next(), this.#intervalMs)
    this.ping()
  }

  #waitForAnswer(): void {
    this.#deadline.start(() => this.#handlers.stale(), this.#timeoutMs)
  }
}
