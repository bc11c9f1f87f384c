import type { Backoff } from '../backoff.js'
import { isFinal, isRefusal } from '../closes.js'
import type { Finder } from '../first.js'
import { Timer } from '../timer.js'
import type { Carrier, Transport, TransportHandlers } from '../transport.js'
import type { Request } from '../types.js'

/** Carries messages by HTTP, until a socket does. */
export interface Fallback extends Transport {
  /** The socket carries from now on: the calls that are under way end here. */
  retire(): void
}

/** What a transport that finds its way needs. */
export interface AutoOptions {
  /** `null` where HTTP alone is wanted. */
  readonly socket: ((handlers: TransportHandlers) => Transport) | null
  /** Loaded when it is needed first. */
  readonly http: (handlers: TransportHandlers) => Promise<Fallback>
  readonly handlers: TransportHandlers
  /** Waits between attempts to open a socket while HTTP carries. */
  readonly backoff: Backoff
  /** How many sockets in a row could not be opened before. @default 0 */
  readonly failures?: number
}

/** Sockets that could not be opened in a row, before HTTP is tried. */
const TRIES = 3

/** Time in milliseconds that a socket may take to open, before HTTP is tried beside it. */
const PATIENCE_MS = 1_000

/** Time in milliseconds that a socket may take to open while HTTP carries. */
const HANDSHAKE_MS = 10_000

/**
 * Carries messages over a socket where one can be opened, else by HTTP, and over a socket again as soon as that works.
 * Knows which of the two carries; knows nothing of messages, nor when to try again after both have failed.
 */
export class AutoTransport implements Finder {
  readonly #options: AutoOptions
  readonly #socket: Transport | null
  #http: Fallback | null = null
  #carrier: Transport | null = null
  #failures: number
  #isSocketTrying = false
  #isHttpTrying = false
  #attempt = 0
  readonly #timer = new Timer()

  constructor(options: AutoOptions) {
    this.#options = options
    const { handlers, failures = 0 } = options
    this.#failures = failures
    this.#socket =
      options.socket?.({
        ...handlers,
        opened: () => this.#socketOpened(),
        closed: (code, reason, wasOpen) => this.#socketClosed(code, reason, wasOpen),
      }) ?? null
  }

  get carrier(): Carrier | null {
    return this.#carrier?.carrier ?? null
  }

  get isOpen(): boolean {
    return this.#carrier?.isOpen ?? false
  }

  /** Goes on where there is no connection yet, with a socket that is not open yet. */
  start(isSocketTrying: boolean): void {
    this.#isSocketTrying = isSocketTrying
    this.#openHttp()
  }

  open(): void {
    this.close()
    if (!this.#socket) return this.#openHttp()
    this.#openSocket()
    if (this.#failures >= TRIES) this.#openHttp()
    else this.#timer.start(() => this.#openHttp(), PATIENCE_MS)
  }

  send(message: Request): void {
    this.#carrier?.send(message)
  }

  drop(reason: string): void {
    const wasOpen = this.isOpen
    if (!wasOpen) this.#failures++
    this.close()
    this.#options.handlers.closed(1006, reason, wasOpen)
  }

  close(): void {
    this.#attempt++
    this.#timer.stop()
    this.#carrier = null
    this.#isSocketTrying = false
    this.#isHttpTrying = false
    this.#socket?.close()
    this.#http?.close()
  }

  awake(): void {
    if (this.#carrier && this.#carrier === this.#http && this.#socket && !this.#isSocketTrying) this.#tryAgain()
  }

  // ---- the socket

  #openSocket(): void {
    this.#isSocketTrying = true
    this.#socket?.open()
  }

  #socketOpened(): void {
    this.#timer.stop()
    this.#failures = 0
    this.#isSocketTrying = false
    this.#isHttpTrying = false
    this.#options.backoff.reset()
    const { handlers } = this.#options
    const isNew = this.#carrier === null
    if (isNew) this.#http?.close()
    else this.#http?.retire()
    this.#carrier = this.#socket
    if (isNew) handlers.opened()
    else handlers.moved()
  }

  #socketClosed(code: number, reason: string, wasOpen: boolean): void {
    this.#isSocketTrying = false
    const isCarried = this.#carrier !== null && this.#carrier === this.#http
    if (isCarried && !isRefusal(code)) return this.#tryLater()
    if (!isFinal(code) && !wasOpen) {
      this.#failures++
      if (this.#isHttpTrying) return
      if (this.#failures >= TRIES) return this.#openHttp()
    }
    this.close()
    this.#options.handlers.closed(code, reason, wasOpen || isCarried)
  }

  /** HTTP carries: a socket is tried again and again beside it. */
  #tryLater(): void {
    if (!this.#socket) return
    this.#timer.start(() => this.#tryAgain(), this.#options.backoff.nextDelayMs())
  }

  #tryAgain(): void {
    this.#openSocket()
    this.#giveTime()
  }

  #giveTime(): void {
    this.#timer.start(() => this.#socket?.drop('no answer to the handshake'), HANDSHAKE_MS)
  }

  // ---- HTTP

  #openHttp(): void {
    this.#timer.stop()
    const attempt = this.#attempt
    this.#isHttpTrying = true
    this.#load().then(
      http => attempt === this.#attempt && this.#isHttpTrying && http.open(),
      error => attempt === this.#attempt && this.#httpClosed(1006, String(error), false),
    )
  }

  async #load(): Promise<Fallback> {
    const { handlers, http } = this.#options
    this.#http ??= await http({
      ...handlers,
      opened: () => this.#httpOpened(),
      closed: (code, reason, wasOpen) => this.#httpClosed(code, reason, wasOpen),
    })
    return this.#http
  }

  #httpOpened(): void {
    this.#isHttpTrying = false
    this.#carrier = this.#http
    if (this.#isSocketTrying) this.#giveTime()
    else this.#tryLater()
    this.#options.handlers.opened()
  }

  #httpClosed(code: number, reason: string, wasOpen: boolean): void {
    this.#isHttpTrying = false
    if (this.#carrier !== null && this.#carrier !== this.#http) return
    if (!wasOpen && this.#isSocketTrying && !isFinal(code)) return
    this.close()
    this.#options.handlers.closed(code, reason, wasOpen)
  }
}
