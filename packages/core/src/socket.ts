import { messagesOf, type Transport, type TransportHandlers } from './transport.js'
import type { Request } from './types.js'

/** An event of a socket. */
export interface SocketEvent {
  readonly type: string
  readonly data?: unknown
  readonly code?: number
  readonly reason?: string
}

/** The part of a WebSocket that is used here; the browser's, `ws`'s and the fake server's all fit. */
export interface SocketLike {
  /** 2 and 3: it is closing, or closed, and nothing can be sent any more. */
  readonly readyState?: number
  send(text: string): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: SocketEvent) => void): void
}

/** A class that opens sockets. */
export type SocketConstructor = new (url: string, protocols?: string[]) => SocketLike

/** How a socket finds the server. */
export interface SocketOptions {
  /** Where it is; resolved before each handshake. */
  readonly url: () => Promise<string>
  /** The protocols to offer; resolved after the URL. */
  readonly protocols: () => readonly string[]
  /** Whether several messages may travel in one array frame. */
  readonly batches: boolean
  /** The largest frame that the server takes on this connection, in bytes. */
  readonly maxFrameBytes: () => number
  readonly WebSocket: SocketConstructor | undefined
  readonly handlers: TransportHandlers
}

/** An address that may be shown: a token may stand in its query. */
const withoutQuery = (url: string): string => url.replace(/[?#].*/s, '')

const byteLength = (text: string): number => new TextEncoder().encode(text).length

/**
 * Carries messages over one socket at a time. What is sent within one microtask leaves as one array frame.
 * Knows JSON and frames; knows nothing of ids, reads, retries or the meaning of a close code.
 */
export class SocketTransport implements Transport {
  readonly carrier = 'ws' as const
  readonly #options: SocketOptions
  #socket: SocketLike | null = null
  #attempt = 0
  #isOpen = false
  #outbox: string[] = []
  #handlers: TransportHandlers

  constructor(options: SocketOptions) {
    this.#options = options
    this.#handlers = options.handlers
  }

  /** From now on these are told what becomes of it. */
  report(handlers: TransportHandlers): void {
    this.#handlers = handlers
  }

  /** Not while it closes: what is sent then would be lost. */
  get isOpen(): boolean {
    return this.#isOpen && !((this.#socket?.readyState ?? 1) > 1)
  }

  /** Opens a socket; the handlers are called with what comes of it. */
  open(): void {
    const attempt = ++this.#attempt
    this.#options.url().then(
      url => attempt === this.#attempt && this.#dial(url),
      error => attempt === this.#attempt && this.#lost(1006, String(error)),
    )
  }

  /** Queues a message for the frame that leaves at the end of this microtask; dropped unless open. */
  send(message: Request): void {
    if (!this.isOpen) return
    if (this.#outbox.push(JSON.stringify(message)) === 1) queueMicrotask(() => this.#flush())
  }

  /** Ends the socket without waiting for the other side to agree. */
  drop(reason: string): void {
    const socket = this.#socket
    this.#lost(1006, reason)
    socket?.close(1000)
  }

  /** Ends the socket in silence: no handler is called. */
  close(): void {
    const socket = this.#forget()
    socket?.close(1000)
  }

  #dial(url: string): void {
    const Socket = this.#options.WebSocket ?? (globalThis.WebSocket as SocketConstructor | undefined)
    if (!Socket) return this.#lost(1006, 'There is no WebSocket here: give the option `WebSocket`.')
    try {
      const socket = new Socket(url, [...this.#options.protocols()])
      this.#socket = socket
      const on = (type: 'open' | 'message' | 'close', callback: (event: SocketEvent) => void): void =>
        socket.addEventListener(type, event => socket === this.#socket && callback(event))
      on('open', () => {
        this.#isOpen = true
        this.#handlers.opened()
      })
      on('message', event => this.#receive(event.data))
      on('close', event => this.#lost(event.code ?? 1006, event.reason || (this.#isOpen ? '' : withoutQuery(url))))
      socket.addEventListener('error', () => undefined) // `ws` throws where nobody listens
    } catch (error) {
      this.#lost(1006, String(error))
    }
  }

  #receive(text: unknown): void {
    if (typeof text !== 'string') return
    this.#handlers.frame({ direction: 'in', text })
    this.#handlers.received(messagesOf(text))
  }

  #lost(code: number, reason: string): void {
    const wasOpen = this.#isOpen
    this.#forget()
    this.#handlers.closed(code, reason, wasOpen)
  }

  #forget(): SocketLike | null {
    const socket = this.#socket
    this.#attempt++
    this.#socket = null
    this.#isOpen = false
    this.#outbox = []
    return socket
  }

  #flush(): void {
    const texts = this.#outbox
    this.#outbox = []
    for (const frame of this.#framesOf(texts)) {
      this.#handlers.frame({ direction: 'out', text: frame })
      this.#socket?.send(frame)
    }
  }

  /** One array frame, or as many as the server's limit asks for; without a subprotocol a frame for each message. */
  #framesOf(texts: readonly string[]): readonly string[] {
    if (!this.#options.batches) return texts
    const batches: string[][] = []
    let batch: string[] = []
    let bytes = 0
    for (const text of texts) {
      const size = byteLength(text) + 1
      if (!batch.length || bytes + size > this.#options.maxFrameBytes()) {
        batch = []
        batches.push(batch)
        bytes = 1
      }
      batch.push(text)
      bytes += size
    }
    return batches.map(batch => (batch.length === 1 ? (batch[0] as string) : `[${batch.join(',')}]`))
  }
}
