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
  #interval: ReturnType<typeof setInterval> | undefined
  #deadline: ReturnType<typeof setTimeout> | undefined
  #pinged: { n: number; at: number } | null = null
  #n = 0
  #stopWatching: (() => void) | null = null

  constructor(options: HeartbeatOptions, handlers: MonitorHandlers) {
    this.#intervalMs = options.intervalMs ?? 10_000
    this.#timeoutMs = options.timeoutMs ?? 8_000
    this.#handlers = handlers
  }

  /** Begins to beat; call it when the link is open. */
  start(): void {
    this.stop()
    this.#interval = setInterval(() => this.ping(), this.#intervalMs)
    this.ping()
  }

  /** Ends the beat; call it when the link is gone. */
  stop(): void {
    clearInterval(this.#interval)
    clearTimeout(this.#deadline)
    this.#interval = undefined
    this.#deadline = undefined
    this.#pinged = null
  }

  /** Asks at once, unless an answer is awaited already or the monitor is stopped. */
  ping(): void {
    if (this.#pinged || this.#interval === undefined) return
    this.#pinged = { n: ++this.#n, at: performance.now() }
    this.#waitForAnswer()
    this.#handlers.ping(this.#n)
  }

  /** Something arrived, so the link lives: the answer may take its full time again. */
  heard(): void {
    if (this.#deadline !== undefined) this.#waitForAnswer()
  }

  /** The answer to ping `n` is here. */
  pong(n: unknown): void {
    if (!this.#pinged || this.#pinged.n !== n) return
    const ms = performance.now() - this.#pinged.at
    this.#pinged = null
    clearTimeout(this.#deadline)
    this.#deadline = undefined
    this.#handlers.latency(Math.round(ms * 10) / 10)
  }

  /** Listens to the page's `online` and `visibilitychange`, where there is a page. */
  watch(): void {
    if (this.#stopWatching || typeof globalThis.addEventListener !== 'function') return
    const awake = (): void => this.#handlers.awake()
    const visible = (): void => {
      if (globalThis.document.visibilityState === 'visible') awake()
    }
    globalThis.addEventListener('online', awake)
    globalThis.document?.addEventListener('visibilitychange', visible)
    this.#stopWatching = () => {
      globalThis.removeEventListener('online', awake)
      globalThis.document?.removeEventListener('visibilitychange', visible)
    }
  }

  /** Ends `watch`. */
  unwatch(): void {
    this.#stopWatching?.()
    this.#stopWatching = null
  }

  #waitForAnswer(): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#handlers.stale(), this.#timeoutMs)
  }
}
