import { Backoff } from './backoff.js'
import { BindingError } from './errors.js'
import { eventName } from './names.js'
import { READ, type ReadEvent } from './states.js'
import { Timer } from './timer.js'
import type { LiveState, LiveStatus, Message, Request } from './types.js'
import { seenIn, type Window, windowOf } from './window.js'

/** Which read: equal ones share one read of the server's. */
export interface ReadSpec {
  readonly stream: string
  /** `retrieve`, `search`, `list` or `aggregate`. */
  readonly action: string
  readonly params: unknown
}

/** What a live read needs from around it. */
export interface ReadContext {
  nextId(): number
  isOpen(): boolean
  send(request: Request): void
  /** Why there will be no connection; `null` while there is one or may be one. */
  refusal(): BindingError | null
  /** The state has changed; observers are notified at the end of the frame. */
  changed(read: LiveRead): void
  /** What was built differs from what the server says it is. */
  diverged(read: LiveRead): void
  readonly timeoutMs: number
}

/** A row as it is shown, and its version. */
export interface Seen {
  readonly row: Readonly<Record<string, unknown>>
  readonly v: string
}

interface Waiter {
  readonly resolve: (state: LiveState) => void
  readonly reject: (reason: unknown) => void
}

/** What applies changes: needed once there is an answer, and so loaded while that is on its way. */
let diffs: typeof import('./diffs.js') | undefined

/** Loads what applies changes. Where that fails, each change is asked for anew. */
function loadDiffs(): void {
  if (!diffs)
    import('./diffs.js').then(
      module => {
        diffs = module
      },
      () => undefined,
    )
}

const PENDING: LiveState = { status: 'pending', data: undefined, error: null, v: null, isLive: false }

/**
 * One live read: sends its request, applies answers and diffs, and sends the request again where a diff does not fit.
 * Knows one event name and the state under it; knows nothing of observers, other reads or the socket.
 */
export class LiveRead {
  readonly spec: ReadSpec
  readonly event: string
  readonly hash: string
  readonly #context: ReadContext
  readonly #backoff = new Backoff({ minMs: 1_000, maxMs: 30_000 })
  #state: LiveState = PENDING
  #window: Window | null = null
  #asking: number | null = null
  readonly #deadline = new Timer()
  readonly #retry = new Timer()
  #waiters: Waiter[] = []

  constructor(spec: ReadSpec, hash: string, context: ReadContext) {
    loadDiffs()
    this.spec = spec
    this.hash = hash
    this.event = eventName(spec.stream, spec.action, hash)
    this.#context = context
  }

  get state(): LiveState {
    return this.#state
  }

  /** The row with this key and its version, if it is shown here. */
  seen(id: unknown): Seen | null {
    return seenIn(this.#window, id)
  }

  /** Asks the server, with what is shown already; while the connection is down, the deadline alone runs. */
  ask(): void {
    this.#retry.stop()
    const refusal = this.#context.refusal()
    if (refusal) return this.fail(refusal)
    this.#startDeadline()
    if (!this.#context.isOpen()) return
    const id = this.#context.nextId()
    const have = diffs?.haveOf(this.#window)
    this.#asking = id
    this.#context.send({ event: this.event, id, data: this.spec.params ?? {}, ...(have && { have }) })
  }

  /** The state after the answer on its way, which is asked for unless it is. Rejects if that answer is an error. */
  fresh(): Promise<LiveState> {
    const answer = new Promise<LiveState>((resolve, reject) => this.#waiters.push({ resolve, reject }))
    if (!this.#deadline.isRunning) this.ask()
    return answer
  }

  /** Takes a message under this read's name. A push is left out while an answer is awaited: the answer includes it. */
  receive(message: Message): void {
    if (message.id === undefined ? this.#asking !== null : message.id !== this.#asking) return
    this.#stopDeadline()
    if (message.error) this.fail(BindingError.from(message.error))
    else if (message.type === 'gone') this.gone()
    else this.#apply(message)
  }

  /** The row was deleted, or may no longer be seen; a snapshot follows should it come back. */
  gone(): void {
    this.#window = null
    this.#answered({ ...PENDING, status: this.#after('gone'), isLive: true })
  }

  /** The answer is an error. What may succeed later is tried again later, and what is shown stays until then. */
  fail(error: BindingError): void {
    this.#stopDeadline()
    if (this.#isGone(error)) return this.gone()
    const status = this.#after(error.retry ? 'delayed' : 'refused')
    const keepsData = status === 'success'
    if (error.retry) this.#retryLater(error)
    else this.#window = null
    this.#set(keepsData ? { isLive: false } : { ...PENDING, status, error })
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
  }

  /** The connection is gone: what is shown stays, and is asked for again when the connection is back. */
  lost(): void {
    this.#retry.stop()
    this.#asking = null
    this.#set({ status: this.#after('lost'), isLive: false })
  }

  #after(event: ReadEvent): LiveStatus {
    const { status } = this.#state
    return READ[status][event] ?? status
  }

  /** Ends the read; whoever waits for its answer learns so. */
  stop(): void {
    this.#stopDeadline()
    this.#retry.stop()
    const error = new BindingError('unavailable', 'The read was given up.')
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
  }

  /** A row that was shown and is not there any more is gone; one that was never there is an error. */
  #isGone(error: BindingError): boolean {
    const wasThere = this.#window !== null || this.#state.status === 'gone'
    return error.code === 'not_found' && this.spec.action === 'retrieve' && wasThere
  }

  #apply(message: Message): void {
    const { type = 'snapshot' } = message
    if (!diffs && type !== 'snapshot') return this.ask()
    const outcome = diffs ? diffs.applyMessage(this.#window, message) : { window: windowOf(message) }
    if (outcome === 'diverged') return this.#diverged(message)
    this.#window = outcome.window
    this.#backoff.reset()
    const { data, v } = outcome.window
    this.#answered({ ...PENDING, status: this.#after('answered'), data, v, isLive: true })
  }

  /** Asks again; with what is shown if that is whole, from the start if not even the answer to that fitted. */
  #diverged(message: Message): void {
    if (message.type !== 'diff') this.#window = null
    this.#context.diverged(this)
    this.#set({ isLive: false })
    this.ask()
  }

  #answered(state: LiveState): void {
    this.#set(state)
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(state)
  }

  #set(change: Partial<LiveState>): void {
    const next = { ...this.#state, ...change }
    const keys = Object.keys(next) as (keyof LiveState)[]
    if (keys.every(key => next[key] === this.#state[key])) return
    this.#state = next
    this.#context.changed(this)
  }

  #startDeadline(): void {
    this.#stopDeadline()
    this.#deadline.start(
      () => this.fail(new BindingError('timeout', `No answer to ${this.event}.`)),
      this.#context.timeoutMs,
    )
  }

  #stopDeadline(): void {
    this.#deadline.stop()
    this.#asking = null
  }

  #retryLater(error: BindingError): void {
    this.#retry.stop()
    if (!this.#context.isOpen()) return
    const delayMs = (error.retryAfterSeconds ?? 0) * 1000 || this.#backoff.nextDelayMs()
    this.#retry.start(() => this.ask(), delayMs)
  }
}
