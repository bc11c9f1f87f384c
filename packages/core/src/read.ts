import { Backoff } from './backoff.js'
import type { Calls } from './calls.js'
import { BindingError } from './errors.js'
import { Listeners } from './listeners.js'
import { canonical, eventName } from './names.js'
import { READ, type ReadEvent } from './states.js'
import { Timer } from './timer.js'
import type { LiveState, LiveStatus, Message } from './types.js'
import { type Window, windowOf } from './window.js'

/** Which read: equal ones share one read of the server's. */
export interface ReadSpec {
  readonly stream: string
  /** `retrieve`, `search`, `list` or `aggregate`. */
  readonly action: string
  readonly params: unknown
}

/** A text that is equal for equal reads. */
export const keyOf = ({ stream, action, params }: ReadSpec): string => `${stream}.${action} ${canonical(params ?? {})}`

/** What a live read needs from around it. */
export interface ReadContext {
  readonly calls: Calls
  /** The state has changed; observers are notified at the end of the frame. */
  changed(): void
  /** What was built differs from what the server says it is. */
  diverged(): void
}

/** What a live read shows; `null` while that is nothing. */
export interface Shown {
  readonly spec: ReadSpec
  readonly window: Window | null
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
 * Knows one event name and the state under it; knows nothing of other reads or the socket, nor when its observers are called.
 */
export class LiveRead implements Shown {
  readonly spec: ReadSpec
  readonly key: string
  readonly hash: string
  readonly event: string
  readonly observers: Listeners<[LiveState]> = new Listeners<[LiveState]>()
  /** Runs while nobody observes it. */
  readonly grace: Timer = new Timer()
  readonly #context: ReadContext
  readonly #backoff = new Backoff({ minMs: 1_000, maxMs: 30_000 })
  #state: LiveState = PENDING
  #window: Window | null = null
  /** The question whose answer is awaited. */
  #asking: number | null = null
  readonly #retry = new Timer()
  #waiters: Waiter[] = []

  constructor(spec: ReadSpec, hash: string, context: ReadContext) {
    loadDiffs()
    this.spec = spec
    this.key = keyOf(spec)
    this.hash = hash
    this.event = eventName(spec.stream, spec.action, hash)
    this.#context = context
  }

  get state(): LiveState {
    return this.#state
  }

  get window(): Window | null {
    return this.#window
  }

  /** Asks the server, with what is shown already; once there is a connection. */
  ask(): void {
    const { calls } = this.#context
    this.#forget()
    this.#asking = calls.nextId()
    calls.ask(this.#asking, {
      compose: () => {
        const have = diffs?.haveOf(this.#window)
        return { event: this.event, data: this.spec.params ?? {}, ...(have && { have }) }
      },
      isAnybodys: true,
      repeats: true,
      answered: reply => {
        this.#asking = null
        this.receive(reply)
      },
      failed: reason => this.fail(reason as BindingError),
    })
  }

  /** The state after the answer on its way, which is asked for unless it is. Rejects if that answer is an error. */
  fresh(): Promise<LiveState> {
    const answer = new Promise<LiveState>((resolve, reject) => this.#waiters.push({ resolve, reject }))
    if (this.#asking === null) this.ask()
    return answer
  }

  /** Takes an answer or a push. A push is left out while an answer is awaited: the answer includes it. */
  receive(message: Message): void {
    if (this.#asking !== null) return
    if (message.error) this.fail(BindingError.from(message.error))
    else if (message.type === 'gone') this.gone()
    else this.#apply(message)
  }

  /** The row was deleted, or may no longer be seen; a snapshot follows should it come back. */
  gone(): void {
    this.#window = null
    this.#answered({ ...PENDING, status: this.#after('gone'), isLive: true })
  }

  /** There is an error. What may succeed later is tried again later, and what is shown stays until then. */
  fail(error: BindingError): void {
    this.#forget()
    if (this.#isGone(error)) return this.gone()
    const status = this.#after(error.retry ? 'delayed' : 'refused')
    const keepsData = status === 'success'
    if (error.retry) this.#retryLater(error)
    else this.#window = null
    this.#set({ ...(keepsData ? { isLive: false } : { ...PENDING, status }), error })
    this.#giveUp(error)
  }

  /** The connection is gone: what is shown stays, and is asked for again when the connection is back. */
  lost(): void {
    this.#retry.stop()
    this.#set({ status: this.#after('lost'), isLive: false })
  }

  /** Ends the read; whoever waits for its answer learns so. */
  stop(): void {
    this.#forget()
    this.#giveUp(new BindingError('unavailable', 'The read was given up.'))
  }

  #after(event: ReadEvent): LiveStatus {
    const { status } = this.#state
    return READ[status][event] ?? status
  }

  /** Neither waits for an answer nor will ask. */
  #forget(): void {
    this.#retry.stop()
    if (this.#asking !== null) this.#context.calls.drop(this.#asking)
    this.#asking = null
  }

  #giveUp(error: BindingError): void {
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
    this.#context.diverged()
    this.#set({ isLive: false })
    this.ask()
  }

  #answered(state: LiveState): void {
    this.#retry.stop()
    this.#set(state)
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(state)
  }

  #set(change: Partial<LiveState>): void {
    const next = { ...this.#state, ...change }
    const keys = Object.keys(next) as (keyof LiveState)[]
    if (keys.every(key => next[key] === this.#state[key])) return
    this.#state = next
    this.#context.changed()
  }

  #retryLater(error: BindingError): void {
    if (!this.#context.calls.isOpen) return
    const delayMs = (error.retryAfterSeconds ?? 0) * 1000 || this.#backoff.nextDelayMs()
    this.#retry.start(() => this.ask(), delayMs)
  }
}
