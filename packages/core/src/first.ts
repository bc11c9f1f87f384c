import { isFinal } from './closes.js'
import { type SocketOptions, SocketTransport } from './socket.js'
import { Timer } from './timer.js'
import type { ReplaceableHandlers, Transport } from './transport.js'

/** Sockets that could not be opened in a row, before another way is tried. */
const TRIES = 3

/** Time in milliseconds that a socket may take to open, before another way is tried beside it. */
const PATIENCE_MS = 1_000

/** What finds another way: it takes the socket over as it is, and all that is reported goes through it. */
export interface Finder extends Transport {
  /** Begins to look for one. */
  start(isSocketTrying: boolean, failures: number): void
}

/**
 * A socket, as long as one can be opened. Where it cannot, what finds other ways is loaded and takes its place: most pages never
 * need it. Knows when that is; knows nothing of other ways.
 */
export class FirstWay extends SocketTransport {
  readonly #find: () => Promise<(socket: SocketTransport | null) => Finder>
  readonly #isSocketWanted: boolean
  readonly #told: ReplaceableHandlers
  readonly #timer = new Timer()
  #failures = 0
  #isTrying = false
  /** Which search counts; `null` where nothing is looked for. */
  #search: object | null = null
  #isReplaced = false

  constructor(
    options: SocketOptions & { readonly handlers: ReplaceableHandlers },
    isSocketWanted: boolean,
    find: () => Promise<(socket: SocketTransport | null) => Finder>,
  ) {
    super(options)
    const { handlers } = options
    this.#find = find
    this.#isSocketWanted = isSocketWanted
    this.#told = handlers
    this.report({
      ...handlers,
      opened: () => {
        this.#rest()
        this.#failures = 0
        handlers.opened()
      },
      closed: (code, reason, wasOpen) => this.#closed(code, reason, wasOpen),
    })
  }

  override open(): void {
    this.#rest()
    this.#isTrying = this.#isSocketWanted
    if (this.#isTrying) super.open()
    if (this.#isReplaced) return
    if (this.#isTrying && this.#failures < TRIES) this.#timer.start(() => void this.#look(), PATIENCE_MS)
    else void this.#look()
  }

  override close(): void {
    this.#rest()
    super.close()
  }

  #rest(): void {
    this.#search = null
    this.#timer.stop()
  }

  #closed(code: number, reason: string, wasOpen: boolean): void {
    this.#isTrying = false
    if (!wasOpen && !isFinal(code)) {
      this.#failures++
      if (this.#search) return
      if (this.#failures >= TRIES) return void this.#look()
    }
    this.#rest()
    this.#told.closed(code, reason, wasOpen)
  }

  async #look(): Promise<void> {
    this.#timer.stop()
    const search = {}
    this.#search = search
    try {
      const finderOf = await this.#find()
      if (search !== this.#search) return
      const finder = finderOf(this.#isSocketWanted ? this : null)
      this.#isReplaced = true
      this.#told.replaced(finder)
      finder.start(this.#isTrying, this.#failures)
    } catch (error) {
      if (search !== this.#search) return
      this.#search = null
      if (!this.#isTrying) this.#told.closed(1006, String(error), false)
    }
  }
}
