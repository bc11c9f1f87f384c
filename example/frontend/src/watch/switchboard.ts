import type { SocketConstructor, SocketEvent, SocketLike } from '@channels-binding/core'

type Listener = (event: SocketEvent) => void

/** What stands in for a socket behind a firewall: it never opens. */
class BlockedSocket implements SocketLike {
  send(): void {}
  close(): void {}
  addEventListener(type: string, listener: Listener): void {
    if (type === 'close') setTimeout(() => listener({ type, code: 1006, reason: 'blocked by the demo' }))
  }
}

/** A client's sockets in the hand of who watches: they can be cut, and none be let through. The client does not know. */
export class Switchboard {
  readonly #open = new Set<WebSocket>()
  readonly #listeners = new Set<() => void>()
  #isBlocked = false

  /** For the client's `WebSocket` option: the browser's own, while nothing is blocked. */
  readonly WebSocket: SocketConstructor

  constructor() {
    const dial = (url: string, protocols?: string[]): SocketLike =>
      this.#isBlocked ? new BlockedSocket() : this.#dial(url, protocols)
    this.WebSocket = class {
      constructor(url: string, protocols?: string[]) {
        // biome-ignore lint/correctness/noConstructorReturn: `new` must give one of two kinds of socket
        return dial(url, protocols)
      }
    } as unknown as SocketConstructor
  }

  /** Closes what is open; the client connects anew. */
  cut(): void {
    for (const socket of this.#open) socket.close()
  }

  /** From now on no socket opens, until it is allowed again. */
  block(isBlocked: boolean): void {
    this.#isBlocked = isBlocked
    if (isBlocked) this.cut()
    else dispatchEvent(new Event('online')) // the client tries a socket again when the network comes back
    for (const listener of this.#listeners) listener()
  }

  readonly isBlocked = (): boolean => this.#isBlocked

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #dial(url: string, protocols?: string[]): SocketLike {
    const socket = new WebSocket(url, protocols)
    this.#open.add(socket)
    socket.addEventListener('close', () => this.#open.delete(socket))
    return socket as SocketLike
  }
}
