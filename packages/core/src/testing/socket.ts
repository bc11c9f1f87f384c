import type { SocketConstructor, SocketEvent, SocketLike } from '../socket.js'

/** The server's end of a socket. */
export interface Peer {
  send(text: string): void
  close(code: number, reason?: string): void
}

/** What the server does with one accepted socket. */
export interface Conversation {
  receive(text: string): void
  closed(): void
}

/** Accepts a socket, or refuses the handshake with `null`. */
export type Accept = (peer: Peer, protocols: readonly string[]) => Conversation | null

type Listener = (event: SocketEvent) => void

/** Makes a WebSocket class whose sockets end in `accept`, within this process and in microtasks: no port, no waiting. */
export function socketClass(accept: Accept): SocketConstructor {
  return class InMemorySocket implements SocketLike {
    readonly #listeners = new Map<string, Listener[]>()
    #conversation: Conversation | null = null
    #isClosed = false

    constructor(_url: string, protocols: string[] = []) {
      queueMicrotask(() => this.#shakeHands(protocols))
    }

    addEventListener(type: string, listener: Listener): void {
      this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
    }

    send(text: string): void {
      queueMicrotask(() => this.#isClosed || this.#conversation?.receive(text))
    }

    close(): void {
      if (this.#isClosed) return
      this.#isClosed = true
      queueMicrotask(() => this.#conversation?.closed())
    }

    #shakeHands(protocols: string[]): void {
      if (this.#isClosed) return
      const greeting: string[] = []
      let send = (text: string): void => void greeting.push(text)
      this.#conversation = accept(
        { send: text => send(text), close: (code, reason) => this.#end(code, reason) },
        protocols,
      )
      if (!this.#conversation) return this.#end(1006)
      this.#emit({ type: 'open' })
      send = text => queueMicrotask(() => this.#isClosed || this.#emit({ type: 'message', data: text }))
      for (const text of greeting) send(text)
    }

    #end(code: number, reason = ''): void {
      queueMicrotask(() => {
        if (this.#isClosed) return
        this.#isClosed = true
        this.#conversation?.closed()
        this.#emit({ type: 'close', code, reason })
      })
    }

    #emit(event: SocketEvent): void {
      for (const listener of this.#listeners.get(event.type) ?? []) listener(event)
    }
  }
}
