import { BindingError } from './errors.js'
import type { Message, Request } from './types.js'

/** How one call is made. */
export interface CallOptions {
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Time in milliseconds until the call rejects with `timeout`, waiting for the connection included. @default the client's `timeoutMs` */
  readonly timeoutMs?: number | undefined
  /** Idempotency key: the write is made once however often it is sent, so it is sent again after a reconnect. */
  readonly key?: string | undefined
  /** The `v` that the writer last saw of the row; if it changed since, the call rejects with `precondition_failed`. */
  readonly ifVersion?: string | undefined
  /** Told how much of the files of a form has been sent, from 0 to 1. */
  readonly onProgress?: ((sent: number) => void) | undefined
}

/** What the calls need from around them. */
export interface CallsContext {
  nextId(): number
  isOpen(): boolean
  send(request: Request): void
  /** Why there will be no connection; `null` while there is one or may be one. */
  refusal(): BindingError | null
  readonly timeoutMs: number
}

interface Call {
  readonly request: Request
  readonly isRepeatable: boolean
  readonly resolve: (reply: Message) => void
  readonly reject: (reason: unknown) => void
  readonly cleanUp: () => void
  isSent: boolean
}

const LOST = 'The connection was lost; whether the change was made is not known.'

/**
 * Matches replies to calls by their id. Every call ends: with a reply, an error, a timeout or an abort.
 * Knows ids and deadlines; knows nothing of live reads, sockets or what a call means.
 */
export class Calls {
  readonly #context: CallsContext
  readonly #calls = new Map<number | string, Call>()

  constructor(context: CallsContext) {
    this.#context = context
  }

  /** Whether the connection carries calls that are not answered yet. */
  get isInFlight(): boolean {
    return [...this.#calls.values()].some(call => call.isSent)
  }

  /** Sends a request, now or when the connection opens; resolves with its reply. */
  exchange(event: string, data: unknown, isRead: boolean, options: CallOptions = {}): Promise<Message> {
    const { signal, timeoutMs = this.#context.timeoutMs, key, ifVersion } = options
    if (signal?.aborted) return Promise.reject(signal.reason)
    const refusal = this.#context.refusal()
    if (refusal) return Promise.reject(refusal)
    const id = this.#context.nextId()
    const request = { event, id, data: data ?? {}, ...(key && { key }), ...(ifVersion && { if: ifVersion }) }
    return new Promise((resolve, reject) => {
      const end = (reason: unknown): void => this.#take(id)?.reject(reason)
      const abort = (): void => end(signal?.reason)
      const timer = setTimeout(() => end(new BindingError('timeout', `No answer to ${event}.`)), timeoutMs)
      signal?.addEventListener('abort', abort)
      const cleanUp = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
      }
      const call = { request, isRepeatable: isRead || !!key, resolve, reject, cleanUp, isSent: false }
      this.#calls.set(id, call)
      this.#send(call)
    })
  }

  /** Ends the call that the message answers; a reply to no call is a late one. */
  settle(message: Message): void {
    const call = message.id === undefined ? undefined : this.#take(message.id)
    if (message.error) call?.reject(BindingError.from(message.error))
    else call?.resolve(message)
  }

  /** The connection is open: sends what waits. */
  opened(): void {
    for (const call of this.#calls.values()) this.#send(call)
  }

  /** The connection is lost: what can be repeated waits, the rest ends, for nobody knows what became of it. */
  lost(): void {
    for (const [id, call] of [...this.#calls]) {
      if (call.isRepeatable) call.isSent = false
      else if (call.isSent) this.#take(id)?.reject(new BindingError('unavailable', LOST))
    }
  }

  /** The connection will not come back by itself: every call ends. */
  refuse(error: BindingError): void {
    for (const id of [...this.#calls.keys()]) this.#take(id)?.reject(error)
  }

  #send(call: Call): void {
    if (call.isSent || !this.#context.isOpen()) return
    call.isSent = true
    this.#context.send(call.request)
  }

  #take(id: number | string): Call | undefined {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    call?.cleanUp()
    return call
  }
}
