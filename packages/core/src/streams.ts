import { Listeners } from './listeners.js'
import { eventName, parseEvent } from './names.js'

type Subscription = Listeners<[action: string, data: unknown]>

/**
 * Delivers pushes to their listeners, and keeps streams subscribed for as long as anybody wants them.
 * Knows names; knows nothing of calls, live reads or the socket.
 */
export class Streams {
  readonly #send: (event: string) => void
  readonly #listeners = new Map<string, Listeners<[data: unknown]>>()
  readonly #subscriptions = new Map<string, Subscription>()

  constructor(send: (event: string) => void) {
    this.#send = send
  }

  /** Listens to one event; to every hash of it if the name has none. */
  on(event: string, callback: (data: unknown) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Listeners<[data: unknown]>()
    this.#listeners.set(event, listeners)
    return listeners.add(callback)
  }

  /** Subscribes to a stream; the last one to let go unsubscribes. */
  subscribe(stream: string, callback: (action: string, data: unknown) => void = () => undefined): () => void {
    const subscription = this.#subscriptions.get(stream) ?? this.#begin(stream)
    const remove = subscription.add(callback)
    return () => {
      remove()
      if (subscription.size || this.#subscriptions.get(stream) !== subscription) return
      this.#subscriptions.delete(stream)
      this.#send(eventName(stream, 'unsubscribe'))
    }
  }

  /** Delivers a push to its listeners. */
  push(event: string, data: unknown): void {
    const { stream, action, hash } = parseEvent(event)
    this.#listeners.get(event)?.emit(data)
    if (hash !== null) this.#listeners.get(eventName(stream, action))?.emit(data)
    this.#subscriptions.get(stream)?.emit(action, data)
  }

  /** The connection is open: subscribes to everything that is wanted. */
  opened(): void {
    for (const stream of this.#subscriptions.keys()) this.#send(eventName(stream, 'subscribe'))
  }

  #begin(stream: string): Subscription {
    const subscription: Subscription = new Listeners()
    this.#subscriptions.set(stream, subscription)
    this.#send(eventName(stream, 'subscribe'))
    return subscription
  }
}
