import type { Calls } from './calls.js'
import type { BindingError } from './errors.js'
import { eventName } from './names.js'
import { keyOf, LiveRead, type ReadSpec, type Shown } from './read.js'
import type { LiveState, Message } from './types.js'

/** What a holder of a live read can do with it. */
export interface LiveHandle<T = unknown> {
  /** The present state; the same object until it changes. */
  getSnapshot(): LiveState<T>
  /** Asks the server anew and resolves with the state after its answer. */
  refresh(): Promise<LiveState<T>>
  /** Lets go; the last to let go ends the read after the grace period. */
  unsubscribe(): void
}

/** What the reads need from around them. */
export interface ReadsContext {
  readonly calls: Calls
  diverged(): void
  readonly graceMs: number
}

/** Runs the callback that notifies the observers of the changes of one frame; `notifyManager.batch` of TanStack Query is one. */
export type NotifyBatch = (callback: () => void) => void

/**
 * The live reads of a client: one subscription on the server for equal parameters, sent again after each reconnect, and
 * ended a grace period after its last observer left. Knows which reads there are; `LiveRead` applies the messages.
 */
export class Reads {
  readonly #context: ReadsContext
  /** By their events. */
  readonly #reads = new Map<string, LiveRead>()
  readonly #changed = new Set<LiveRead>()
  #lastHash = 0
  #holds = 0
  #batch: NotifyBatch = callback => callback()

  constructor(context: ReadsContext) {
    this.#context = context
  }

  /** How many reads the server holds for this client. */
  get size(): number {
    return this.#reads.size
  }

  /** Sets what runs the notifications of one frame. */
  setBatch(batch: NotifyBatch): void {
    this.#batch = batch
  }

  /** Observes a read, which starts unless an equal one runs. The observer is called with changes, not with the present state. */
  observe(spec: ReadSpec, observer: (state: LiveState) => void): LiveHandle {
    const read = this.#readOf(spec)
    read.grace.stop()
    const remove = read.observers.add(observer)
    return {
      getSnapshot: () => read.state,
      refresh: () => read.fresh(),
      unsubscribe: () => {
        remove()
        if (!read.observers.size) read.grace.start(() => this.#drop(read), this.#context.graceMs)
      },
    }
  }

  /** What each of them shows. */
  get shown(): Iterable<Shown> {
    return this.#reads.values()
  }

  /** Gives a push to the read it belongs to; `false` if it belongs to none. */
  receive(message: Message): boolean {
    const read = this.#reads.get(message.event)
    read?.receive(message)
    return !!read
  }

  /** A row was deleted, as servers say it to clients without a subprotocol. */
  deleted(stream: string, id: unknown): void {
    this.#each(read => {
      const isRow = read.spec.stream === stream && read.spec.action === 'retrieve'
      if (isRow && (read.spec.params as { id?: unknown }).id === id) read.gone()
    })
  }

  /** Postpones the notification of observers until `work` is done, so that they never see half of a frame. */
  during(work: () => void): void {
    this.#holds++
    try {
      work()
    } finally {
      this.#holds--
      this.#flush()
    }
  }

  /** The connection is open: asks for everything that is wanted. */
  opened(): void {
    this.#each(read => read.ask())
  }

  /** It is known who this is: asks again for what was refused because it was not. */
  askRefused(): void {
    this.#each(read => read.state.error?.code === 'unauthenticated' && read.ask())
  }

  /** The connection is lost. */
  lost(): void {
    this.#each(read => read.lost())
  }

  /** The connection will not come back by itself. */
  refuse(error: BindingError): void {
    this.#each(read => read.fail(error))
  }

  #each(work: (read: LiveRead) => unknown): void {
    this.during(() => {
      for (const read of this.#reads.values()) work(read)
    })
  }

  #readOf(spec: ReadSpec): LiveRead {
    const key = keyOf(spec)
    for (const known of this.#reads.values()) if (known.key === key) return known
    const read = new LiveRead(spec, `h${++this.#lastHash}`, {
      ...this.#context,
      changed: () => {
        this.#changed.add(read)
        this.#flush()
      },
    })
    this.#reads.set(read.event, read)
    read.ask()
    return read
  }

  #flush(): void {
    if (this.#holds || !this.#changed.size) return
    const changed = [...this.#changed]
    this.#changed.clear()
    this.#batch(() => {
      for (const { observers, state } of changed) observers.emit(state)
    })
  }

  #drop(read: LiveRead): void {
    if (!this.#reads.delete(read.event)) return // somebody has let go twice
    read.stop()
    this.#context.calls.post(eventName(read.spec.stream, 'unsubscribe', read.hash))
  }
}
