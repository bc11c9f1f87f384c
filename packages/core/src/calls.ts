import { BindingError } from './errors.js'
import { canonical } from './names.js'
import { Timer } from './timer.js'
import type { Message, Request } from './types.js'

/** How one call is made. */
export interface CallOptions {
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Time in milliseconds until the call rejects with `timeout`, waiting for the connection included. @default the client's `timeoutMs` */
  readonly timeoutMs?: number | undefined
  /** Idempotency key: the write is made once however often it is sent, so it is sent again after a reconnect, as the same user. */
  readonly key?: string | undefined
  /** The `v` that the writer last saw of the row; if it changed since, the call rejects with `precondition_failed`. */
  readonly ifVersion?: string | undefined
  /** Told how much of the files of a form has been sent, from 0 to 1. */
  readonly onProgress?: ((sent: number) => void) | undefined
}

/** What the calls need from around them. */
export interface CallsContext {
  isOpen(): boolean
  /** Whether it is known who speaks on this connection. */
  isKnown(): boolean
  send(request: Request): void
  /** Why there will be no connection; `null` while there is one or may be one. */
  refusal(): BindingError | null
  readonly timeoutMs: number
}

/** What is asked of the server: a call, or what a live read shows. */
export interface Question {
  /** What is sent; asked for again each time that it is, after a reconnect for instance. */
  compose(): Omit<Request, 'id'>
  /** Whether it is the same whoever speaks: it is read, or about the connection itself. Anything else is sent for who has asked it alone. */
  readonly isAnybodys: boolean
  /** Whether it is sent again where the connection was lost before the answer. */
  readonly repeats: boolean
  readonly timeoutMs?: number | undefined
  /** The answer is here, in its turn among what the frame holds. */
  answered(reply: Message): void
  /** There will be none. */
  failed(reason: unknown): void
}

interface Asked extends Question {
  readonly id: number
  /** Who asks, as text; `undefined` until anybody is known. */
  by: string | undefined
  readonly deadline: Timer
  isSent: boolean
}

/** What is said of the connection itself, and of who speaks. */
const OF_CONNECTION: ReadonlySet<string> = new Set(['cb.auth', 'cb.locale'])

const LOST = 'The connection was lost; whether the change was made is not known.'

/**
 * Matches answers to questions by their id. Every question ends: with an answer, an error, a timeout, or because it was dropped.
 * Knows ids and deadlines; knows nothing of what is asked, nor of sockets.
 */
export class Calls {
  readonly #context: CallsContext
  readonly #asked = new Map<unknown, Asked>()
  #lastId = 0
  /** Who speaks, or spoke on the connection before, as text. */
  #user: string | undefined

  constructor(context: CallsContext) {
    this.#context = context
  }

  /** Whether what is asked is sent at once. */
  get isOpen(): boolean {
    return this.#context.isOpen()
  }

  /** Whether the connection carries questions that are not answered yet. */
  get isInFlight(): boolean {
    return [...this.#asked.values()].some(asked => asked.isSent)
  }

  /** Sends a request, now or when the connection opens; resolves with its reply. */
  async exchange(event: string, data: unknown, isRead: boolean, options: CallOptions = {}): Promise<Message> {
    const { signal, timeoutMs, key, ifVersion } = options
    signal?.throwIfAborted()
    const request = { event, data: data ?? {}, ...(key && { key }), ...(ifVersion && { if: ifVersion }) }
    const id = this.nextId()
    const abort = (): void => this.drop(id)?.failed(signal?.reason)
    signal?.addEventListener('abort', abort)
    try {
      return await new Promise((answered, failed) =>
        this.ask(id, {
          compose: () => request,
          isAnybodys: isRead || OF_CONNECTION.has(event),
          repeats: isRead || !!key,
          timeoutMs,
          answered,
          failed,
        }),
      )
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Sends what needs no answer, if the connection is open; if it is not, the server has forgotten it anyway. */
  post(event: string): void {
    const nothing = (): void => undefined
    const question = { compose: () => ({ event, data: {} }), isAnybodys: true, repeats: false }
    if (this.isOpen) this.ask(this.nextId(), { ...question, answered: nothing, failed: nothing })
  }

  /** An id for a question; each is another one. */
  nextId(): number {
    return ++this.#lastId
  }

  /** Asks, now or when the connection opens. */
  ask(id: number, question: Question): void {
    const refusal = this.#context.refusal()
    if (refusal) return question.failed(refusal)
    const asked: Asked = { ...question, id, by: this.#user, deadline: new Timer(), isSent: false }
    asked.deadline.start(
      () => this.drop(id)?.failed(new BindingError('timeout', `No answer to ${question.compose().event}.`)),
      question.timeoutMs ?? this.#context.timeoutMs,
    )
    this.#asked.set(id, asked)
    this.#send(asked)
  }

  /** Nobody waits for the answer any more. */
  drop(id: unknown): Question | undefined {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    asked?.deadline.stop()
    return asked
  }

  /** Ends the question that the message answers; an answer to none is a late one. */
  settle(message: Message): void {
    const asked = this.drop(message.id)
    if (message.error) asked?.failed(BindingError.from(message.error))
    else asked?.answered(message)
  }

  /** The connection is open, or it may be known who speaks: sends what waits. */
  opened(): void {
    for (const asked of this.#asked.values()) this.#send(asked)
  }

  /** It is known who speaks: sends what waits of this user. */
  known(user: unknown): void {
    this.#user = canonical(user)
    this.opened()
  }

  /** The connection is lost: what can be repeated waits; the rest of what was sent ends, for nobody knows what became of it. */
  lost(): void {
    for (const asked of this.#asked.values()) {
      if (asked.isSent && !asked.repeats) this.#unknown(asked)
      asked.isSent = false
    }
  }

  /** The connection will not come back by itself: every question ends. */
  refuse(error: BindingError): void {
    for (const id of this.#asked.keys()) this.drop(id)?.failed(error)
  }

  #unknown({ id }: Asked): void {
    this.drop(id)?.failed(new BindingError('unavailable', LOST))
  }

  #send(asked: Asked): void {
    if (asked.isSent || !this.isOpen) return
    if (!asked.isAnybodys) {
      if (!this.#context.isKnown()) return
      asked.by ??= this.#user
      if (asked.by !== this.#user) return this.#unknown(asked)
    }
    asked.isSent = true
    this.#context.send({ ...asked.compose(), id: asked.id })
  }
}
