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
  /** Begins to look for one, where the connection waits for it. */
  start(isSocketTrying: boolean): void
}

/** Makes what finds another way, after so many sockets in a row that could not be opened. */
export type FinderOf = (socket: SocketTransport | null, failures: number) => Finder

/**
 * A socket, as long as one can be opened. Where it cannot, what finds other ways is loaded beside it and takes its place: most pages
 * never need it. Knows when that is; knows nothing of other ways.
 */
export class FirstWay extends SocketTransport {
  readonly #find: () => Promise<FinderOf>
  readonly #isSocketWanted: boolean
  readonly #told: ReplaceableHandlers
  readonly #timer = new Timer()
  #failures = 0
  /** Whether it is to be open and is not yet. */
  #isOpening = false
  /** Whether what finds others is on its way, or has taken over. */
  #isFound = false

  constructor(
    options: SocketOptions & { readonly handlers: ReplaceableHandlers },
    isSocketWanted: boolean,
    find: () => Promise<FinderOf>,
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
      closed: (code, reason, wasOpen) => {
        this.#rest()
        if (!wasOpen && !isFinal(code) && ++this.#failures >= TRIES) void this.#look()
        handlers.closed(code, reason, wasOpen)
      },
    })
  }

  override open(): void {
    this.#isOpening = true
    if (this.#isSocketWanted) super.open()
    this.#timer.start(() => void this.#look(), this.#isSocketWanted && this.#failures < TRIES ? PATIENCE_MS : 0)
  }

  override close(): void {
    this.#rest()
    super.close()
  }

  #rest(): void {
    this.#isOpening = false
    this.#timer.stop()
  }

  async #look(): Promise<void> {
    if (this.#isFound) return
    this.#isFound = true
    try {
      const finderOf = await this.#find()
      this.#isFound = !this.isOpen
      if (this.#isFound) this.#handOver(finderOf)
    } catch (error) {
      this.#isFound = false
      if (this.#isOpening && !this.#isSocketWanted) this.#told.closed(1006, String(error), false)
    }
  }

  #handOver(finderOf: FinderOf): void {
    const isOpening = this.#isOpening // who waited for the next attempt makes it when told of the finder
    const finder = finderOf(this.#isSocketWanted ? this : null, this.#failures)
    this.#told.replaced(finder)
    if (isOpening) finder.start(this.#isSocketWanted)
  }
}
