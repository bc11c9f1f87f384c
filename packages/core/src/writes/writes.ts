import { Backoff } from '../backoff.js'
import type { ChannelsClient } from '../client.js'
import { BindingError } from '../errors.js'
import { Listeners } from '../listeners.js'
import { canonical, eventName } from '../names.js'
import { LONGEST_MS } from '../timer.js'
import { seen } from './seen.js'
import {
  dataOf,
  isAsSeen,
  isMergeable,
  isSameRow,
  isSameWrite,
  newKey,
  type PendingWrite,
  refusalOf,
  type Values,
  type WriteAction,
  type WriteStore,
  type WritesOptions,
  waitsFor,
} from './write.js'

/** How a write is made. */
export interface WriteInput {
  readonly stream: string
  readonly action: WriteAction
  readonly id?: string | number | null
  readonly values?: Values
  /** Shows the change before the server confirms it. @default false */
  readonly isOptimistic?: boolean
  /** Whether the row must be as the user saw it, in the fields that are changed. @default true */
  readonly isChecked?: boolean
  /** The version that the user saw. @default that of a live read which shows the row */
  readonly ifVersion?: string | undefined
  /** The row as the user saw it, or some of its fields, where that is not what a live read shows now. */
  readonly base?: Values | null | undefined
  /** @default a random one */
  readonly key?: string | undefined
  /** Time in milliseconds that one attempt may take. @default the client's `timeoutMs` */
  readonly timeoutMs?: number | undefined
}

interface Entry {
  write: PendingWrite
  readonly timeoutMs: number | undefined
  promise: Promise<unknown>
  resolve: (reply: unknown) => void
  reject: (error: unknown) => void
}

const queues = new WeakMap<ChannelsClient, Writes>()

/**
 * The writes of one client: each is made once, in the order in which they were made where that matters, over lost connections and,
 * with a store, over reloads. Knows keys, rows and versions; knows no socket, no live reads and no page.
 */
export class Writes {
  readonly #client: ChannelsClient
  readonly #options: WritesOptions
  readonly #listeners = new Listeners()
  readonly #backoff = new Backoff({ minMs: 500, maxMs: 30_000 })
  #entries: readonly Entry[] = []
  #snapshot: readonly PendingWrite[] = Object.freeze([])
  /** The key of the write that was made, while it is told that it waits no longer. */
  madeNow: string | null = null
  /** Whose writes are shown. */
  #whoever: unknown
  /** What rests for a while: streams to which the server wants no more written, or all of them (`''`) while it does not answer. */
  readonly #resting = new Set<string>()

  private constructor(client: ChannelsClient, options: WritesOptions) {
    this.#client = client
    this.#options = options
    client.onState(() => this.#stateChanged())
    if (options.persist) void this.#load(options.persist)
  }

  /** The writes of a client: always the same ones. */
  static of(client: ChannelsClient): Writes {
    const known = queues.get(client) ?? new Writes(client, client.writesOptions)
    queues.set(client, known)
    return known
  }

  /** What waits of this user, in order; the same array until it changes. */
  readonly getSnapshot = (): readonly PendingWrite[] => this.#snapshot

  /** Calls back after each change. */
  readonly subscribe = (callback: () => void): (() => void) => this.#listeners.add(callback)

  /** Makes a write, now or when its turn has come. Rejects with what the server refuses; a second equal one is the first. */
  write(input: WriteInput): Promise<unknown> {
    const write = this.#writeOf(input)
    const twin = this.#last(write)
    if (twin && input.key === undefined && isSameWrite(twin.write, write)) return twin.promise
    this.#client.ensure()
    if (this.#client.refusal) return Promise.reject(this.#client.refusal)
    const { max = 100 } = this.#options
    if (this.#own.length >= max)
      return Promise.reject(
        new BindingError('limit_exceeded', `${max} changes wait to be sent.`, { status: 429, limit: max }),
      )
    const entry = entryOf(write, input.timeoutMs)
    this.#entries = [...this.#entries, entry]
    if (write.hasWaited) this.#store(write)
    this.#changed()
    this.#pump()
    return entry.promise
  }

  /** Sends a refused write again; one that was in conflict takes the place of what others have written. */
  retry(key: string): void {
    const entry = this.#entries.find(each => each.write.key === key)
    if (entry?.write.state !== 'refused') return
    const ifVersion = entry.write.error?.version ?? entry.write.ifVersion
    const base = entry.write.error?.current ?? entry.write.base
    this.#set(entry, { state: 'waiting', error: null, ifVersion, base })
    this.#pump()
  }

  /** Gives a write up, unless it is on its way. */
  drop(key: string): void {
    const entry = this.#entries.find(each => each.write.key === key)
    if (!entry || entry.write.state === 'sent') return
    this.#remove(entry)
    entry.reject(entry.write.error ?? new BindingError('unavailable', 'The change was given up.'))
  }

  #writeOf({
    stream,
    action,
    id = null,
    values = {},
    key,
    ifVersion,
    base = null,
    isOptimistic = false,
    isChecked = true,
  }: WriteInput): PendingWrite {
    const shown = isChecked && id !== null ? seen(this.#client, stream, id) : null
    const known = shown && base && !isAsSeen(values, base, shown.row) ? { row: base, v: null } : shown
    return {
      key: key ?? newKey(),
      stream,
      action,
      id,
      values,
      base: known?.row ?? (isChecked ? base : null),
      ifVersion: ifVersion ?? known?.v ?? null,
      user: this.#client.whoever,
      state: 'waiting',
      error: null,
      isOptimistic,
      hasWaited: this.#client.getState().status !== 'open' && this.#client.getState().hasEverConnected,
    }
  }

  /** The last write that this one could repeat. */
  #last(write: PendingWrite): Entry | undefined {
    return this.#own.findLast(
      ({ write: each }) => each.state !== 'refused' && each.stream === write.stream && each.id === write.id,
    )
  }

  /** Those of whoever is signed in: what waits of others concerns nobody else. */
  get #own(): readonly Entry[] {
    const { whoever } = this.#client
    const isOwn = ({ user }: PendingWrite): boolean =>
      user === undefined || whoever === undefined || canonical(user) === canonical(whoever)
    return this.#entries.filter(({ write }) => isOwn(write))
  }

  /** Sends all whose turn has come. */
  #pump(): void {
    if (!this.#client.isKnown || this.#resting.has('')) return
    const own = this.#own
    for (const [place, entry] of own.entries()) {
      const { write } = entry
      const mustWait =
        this.#resting.has(write.stream) || own.slice(0, place).some(earlier => this.#holds(earlier, write))
      if (write.state === 'waiting' && !mustWait) void this.#send(entry)
    }
  }

  /** Whether the order of the two matters, and the earlier one is not made yet. */
  #holds({ write: earlier }: Entry, write: PendingWrite): boolean {
    const isAside = earlier.stream !== write.stream && this.#resting.has(earlier.stream)
    return !isAside && waitsFor(write, earlier)
  }

  async #send(entry: Entry): Promise<void> {
    this.#set(entry, { state: 'sent' })
    try {
      if (isUnversioned(entry.write)) await this.#look(entry)
      const { stream, action, key, ifVersion } = entry.write
      const reply = await this.#client.ask(eventName(stream, action), dataOf(entry.write), {
        key,
        ifVersion: ifVersion ?? undefined,
        timeoutMs: entry.timeoutMs,
      })
      const refusal = refusalOf(entry.write, reply.data)
      if (refusal) this.#refused(entry, refusal)
      else this.#made(entry, reply.v ?? null)
      entry.resolve(reply.data)
    } catch (error) {
      this.#failed(entry, BindingError.from(error))
    }
    this.#pump()
  }

  /** What the user saw of the row has no version: it is compared with the row as it is now, and that is the condition then. */
  async #look(entry: Entry): Promise<void> {
    const { stream, id, values, base } = entry.write as PendingWrite & { id: string | number; base: Values }
    const { row, v } = seen(this.#client, stream, id) ?? (await this.#read(stream, id))
    if (!row || v === null) return
    if (!isAsSeen(values, base, row))
      throw new BindingError('precondition_failed', 'The row has changed since it was shown.', {
        status: 412,
        current: row,
        v,
      })
    this.#put(entry, { ifVersion: v, base: row })
  }

  /** The row as it is now; none where it is gone or may not be read, for the write itself then says so. */
  async #read(stream: string, id: string | number): Promise<{ row: Values | null; v: string | null }> {
    try {
      const { data, v = null } = await this.#client.ask(eventName(stream, 'retrieve'), { id, live: false })
      return { row: data as Values, v }
    } catch (error) {
      if (BindingError.from(error).retry) throw error
      return { row: null, v: null }
    }
  }

  /** It is made: what waits for the same row was made by somebody who has seen it so. */
  #made({ write }: Entry, v: string | null): void {
    this.#backoff.reset()
    const entry = this.#entries.find(each => each.write.key === write.key)
    for (const later of this.#entries)
      if (later !== entry && (later.write.ifVersion ?? later.write.base) !== null && isSameRow(later.write, write))
        this.#put(later, { ifVersion: v, base: baseAfter(write, later.write.base) })
    this.madeNow = write.key
    if (entry) this.#remove(entry)
    this.madeNow = null
  }

  #failed(entry: Entry, error: BindingError): void {
    if (error.retry) return this.#later(entry, error)
    if (error.code === 'precondition_failed' && error.version !== null && isMergeable(entry.write, error.current)) {
      return this.#set(entry, { state: 'waiting', ifVersion: error.version, base: error.current })
    }
    if (this.#client.refusal && entry.write.hasWaited) this.#set(entry, { state: 'waiting' })
    else this.#refused(entry, error)
    entry.reject(error)
  }

  /** What has waited stays to be seen; of anything else whoever made it is told at once. */
  #refused(entry: Entry, error: BindingError): void {
    if (entry.write.hasWaited) this.#set(entry, { state: 'refused', error })
    else this.#remove(entry)
  }

  /** What may succeed later is sent later, with the same key; whoever made it cannot do it better. */
  #later(entry: Entry, error: BindingError): void {
    this.#set(entry, { state: 'waiting', hasWaited: true })
    if (this.#client.refusal) return this.#abandon(error)
    this.#store(entry.write)
    const delayMs = (error.retryAfterSeconds ?? 0) * 1000 || this.#backoff.nextDelayMs()
    const what = error.code === 'throttled' ? entry.write.stream : ''
    this.#resting.add(what)
    const goOn = (): void => {
      this.#resting.delete(what)
      this.#pump()
    }
    setTimeout(goOn, Math.min(delayMs, LONGEST_MS))
  }

  #stateChanged(): void {
    const { whoever, refusal } = this.#client
    if (this.#whoever !== whoever) {
      this.#whoever = whoever
      for (const entry of this.#entries) if (entry.write.user === undefined) this.#put(entry, { user: whoever })
      this.#changed()
    }
    if (refusal) this.#abandon(refusal)
    else this.#pump()
  }

  /** The connection does not come back by itself: the writes wait for `reconnect()`, and whoever has made them does not. */
  #abandon(error: BindingError): void {
    for (const entry of this.#entries) entry.reject(error)
  }

  async #load(store: WriteStore): Promise<void> {
    this.#take(await store.load(later => this.#take(later)).catch(() => []))
  }

  #take(stored: readonly PendingWrite[]): void {
    const known = new Set(this.#entries.map(entry => entry.write.key))
    const found = stored
      .filter(write => !known.has(write.key))
      .map(write => entryOf({ ...write, state: write.state === 'sent' ? 'waiting' : write.state, hasWaited: true }))
    if (!found.length) return
    this.#entries = [...found, ...this.#entries]
    this.#changed()
    this.#client.connect()
    this.#pump()
  }

  #set(entry: Entry, change: Partial<PendingWrite>): void {
    this.#put(entry, change)
    this.#changed()
  }

  #put(entry: Entry, change: Partial<PendingWrite>): void {
    entry.write = { ...entry.write, ...change }
    if (entry.write.hasWaited) this.#store(entry.write)
  }

  #remove(entry: Entry): void {
    this.#entries = this.#entries.filter(each => each !== entry)
    if (entry.write.hasWaited) this.#options.persist?.remove(entry.write.key).catch(() => undefined)
    this.#changed()
  }

  #store(write: PendingWrite): void {
    this.#options.persist?.put(write).catch(() => undefined)
  }

  #changed(): void {
    this.#snapshot = Object.freeze(this.#own.map(entry => entry.write))
    this.#listeners.emit()
  }
}

/** Whether it is known what the user saw of the row, and not which version that was. */
const isUnversioned = ({ id, base, ifVersion }: PendingWrite): boolean =>
  id !== null && base !== null && ifVersion === null

/** What is known of a row once it was written: of a form, nothing. */
const baseAfter = ({ action, values }: PendingWrite, base: Values | null): Values | null =>
  base && action !== 'form' ? { ...base, ...values } : null

function entryOf(write: PendingWrite, timeoutMs?: number): Entry {
  let resolve: Entry['resolve'] = () => undefined
  let reject: Entry['reject'] = () => undefined
  const promise = new Promise<unknown>((onReply, onError) => {
    resolve = onReply
    reject = onError
  })
  promise.catch(() => undefined)
  return { write, timeoutMs, promise, resolve, reject }
}
