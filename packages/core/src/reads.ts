import type { BindingError } from './errors.js'
import { Listeners } from './listeners.js'
import { canonical, eventName, parseEvent } from './names.js'
import { LiveRead, type ReadContext, type ReadSpec, type Seen } from './read.js'
import { Timer } from './timer.js'
import type { LiveState, Message, Request } from './types.js'

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
  nextId(): number
  isOpen(): boolean
  send(request: Request): void
  /** Why there will be no connection; `null` while there is one or may be one. */
  refusal(): BindingError | null
  /** Sends that a live read is over. */
  end(event: string): void
  diverged(event: string): void
  readonly timeoutMs: number
  readonly graceMs: number
}

interface Entry {
  readonly read: LiveRead
  readonly observers: Listeners<[LiveState]>
  readonly grace: Timer
}

/** Runs the callback that notifies the observers of the changes of one frame; `notifyManager.batch` of TanStack Query is one. */
export type NotifyBatch = (callback: () => void) => void

/**
 * The live reads of a client: one subscription on the server for equal parameters, sent again after each reconnect, and
 * ended a grace period after its last observer left. Knows observers and names; `LiveRead` applies the messages.
 */
export class Reads {
  readonly #context: ReadsContext
  readonly #entries = new Map<string, Entry>()
  readonly #byEvent = new Map<string, Entry>()
  readonly #changed = new Set<Entry>()
  #lastHash = 0
  #holds = 0
  #batch: NotifyBatch = callback => callback()

  constructor(context: ReadsContext) {
    this.#context = context
  }

  /** How many reads the server holds for this client. */
  get size(): number {
    return this.#entries.size
  }

  /** Sets what runs the notifications of one frame. */
  setBatch(batch: NotifyBatch): void {
    this.#batch = batch
  }

  /** Observes a read, which starts unless an equal one runs. The observer is called with changes, not with the present state. */
  observe(spec: ReadSpec, observer: (state: LiveState) => void): LiveHandle {
    const entry = this.#entryOf(spec)
    entry.grace.stop()
    const remove = entry.observers.add(observer)
    return {
      getSnapshot: () => entry.read.state,
      refresh: () => entry.read.fresh(),
      unsubscribe: () => {
        remove()
        this.#release(entry)
      },
    }
  }

  /** A row as a live read shows it with all of its fields, and its version; `null` where none does. */
  seen(stream: string, id: unknown): Seen | null {
    for (const { read } of this.#entries.values()) {
      const { fields, params, expand } = (read.spec.params ?? {}) as Readonly<Record<string, unknown>>
      const found = read.spec.stream === stream && !fields && !params && !expand ? read.seen(id) : null
      if (found) return found
    }
    return null
  }

  /** Gives a message to the read it belongs to; `false` if it belongs to none. */
  receive(message: Message): boolean {
    const entry = this.#byEvent.get(message.event)
    entry?.read.receive(message)
    return !!entry
  }

  /** A row was deleted, as servers say it to clients without a subprotocol. */
  deleted(stream: string, id: unknown): void {
    for (const { read } of this.#entries.values()) {
      const isRow = read.spec.stream === stream && read.spec.action === 'retrieve'
      if (isRow && (read.spec.params as { id?: unknown }).id === id) read.gone()
    }
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
    this.during(() => {
      for (const { read } of this.#entries.values()) read.ask()
    })
  }

  /** It is known who this is: asks again for what was refused because it was not. */
  askRefused(): void {
    this.during(() => {
      for (const { read } of this.#entries.values()) if (read.state.error?.code === 'unauthenticated') read.ask()
    })
  }

  /** The connection is lost. */
  lost(): void {
    this.during(() => {
      for (const { read } of this.#entries.values()) read.lost()
    })
  }

  /** The connection will not come back by itself. */
  refuse(error: BindingError): void {
    this.during(() => {
      for (const { read } of this.#entries.values()) read.fail(error)
    })
  }

  #entryOf(spec: ReadSpec): Entry {
    const key = keyOf(spec)
    const known = this.#entries.get(key)
    if (known) return known
    const read = new LiveRead(spec, `h${++this.#lastHash}`, this.#readContext())
    const entry: Entry = { read, observers: new Listeners(), grace: new Timer() }
    this.#entries.set(key, entry)
    this.#byEvent.set(read.event, entry)
    read.ask()
    return entry
  }

  #readContext(): ReadContext {
    return {
      ...this.#context,
      diverged: read => this.#context.diverged(read.event),
      changed: read => this.#mark(read),
    }
  }

  #mark(read: LiveRead): void {
    const entry = this.#byEvent.get(read.event)
    if (entry) this.#changed.add(entry)
    this.#flush()
  }

  #flush(): void {
    if (this.#holds || !this.#changed.size) return
    const changed = [...this.#changed]
    this.#changed.clear()
    this.#batch(() => {
      for (const { observers, read } of changed) observers.emit(read.state)
    })
  }

  #release(entry: Entry): void {
    if (entry.observers.size) return
    const key = keyOf(entry.read.spec)
    entry.grace.start(() => this.#drop(key, entry), this.#context.graceMs)
  }

  #drop(key: string, entry: Entry): void {
    if (this.#entries.get(key) !== entry) return
    entry.read.stop()
    this.#entries.delete(key)
    this.#byEvent.delete(entry.read.event)
    const { stream, hash } = parseEvent(entry.read.event)
    this.#context.end(eventName(stream, 'unsubscribe', hash))
  }
}

const keyOf = ({ stream, action, params }: ReadSpec): string => `${stream}.${action} ${canonical(params ?? {})}`
