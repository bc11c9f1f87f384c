import {
  type BindingError,
  type ChannelsClient,
  canonical,
  eventName,
  type LiveHandle,
  type LiveState,
} from '../index.js'
import { Listeners } from '../listeners.js'
import { Timer } from '../timer.js'

/** What one says of oneself in a room; small, and seen by everybody there. */
export type PresenceMeta = Readonly<Record<string, unknown>>

/** One tab of a user. */
export interface PresenceTab<M extends PresenceMeta = PresenceMeta> {
  readonly id: string
  /** When it came, ISO 8601. */
  readonly since: string
  readonly meta: M
}

/** A user who is there, with all tabs. */
export interface PresenceMember<M extends PresenceMeta = PresenceMeta, U = PresenceUser> {
  readonly id: string
  /** What the server shows of the user; `null` of who is nobody in particular. */
  readonly user: U | null
  readonly tabs: readonly PresenceTab<M>[]
}

/** What a server shows of a user unless its binding says otherwise. */
export interface PresenceUser {
  readonly id: string | number
  readonly username: string
}

/** What is known of a room. */
export interface PresenceState<M extends PresenceMeta = PresenceMeta, U = PresenceUser> {
  /** `gone`: the row is not there any more, or may not be seen. */
  readonly status: LiveState['status']
  /** Everybody who is there, this user included. */
  readonly members: readonly PresenceMember<M, U>[]
  /** Everybody else. */
  readonly others: readonly PresenceMember<M, U>[]
  /** This user with all tabs; `null` while this tab is not to be seen there. */
  readonly me: PresenceMember<M, U> | null
  /** The name of this tab among those of `me`; `null` while it is not there. */
  readonly tab: string | null
  /** Whether what is shown is followed. */
  readonly isLive: boolean
  /** Why nothing is shown, or why this tab is not there. */
  readonly error: BindingError | null
}

/** One who is in a room: a component, or a page. What several say in one tab is laid over each other, the last on top. */
export interface Entrance {
  update(meta: PresenceMeta): void
  leave(): void
}

/** What is known of a room before anything is asked. */
export const NOBODY: PresenceState<never, never> = {
  status: 'pending',
  members: [],
  others: [],
  me: null,
  tab: null,
  isLive: false,
  error: null,
}

/** Time in milliseconds between two changes of a `meta` that are sent. */
const PACE_MS = 200
/** Time in milliseconds for which a tab stays in a room that its last component has left: the next page may enter it again. */
const LINGER_MS = 100

/** What is sent: that this tab is there with this `meta`, or (`null`) that it is not. */
type Wanted = PresenceMeta | null

/** By their names, as long as somebody holds them: a room that is watched, or that this tab is in, its client holds. */
type Rooms = Map<string, WeakRef<PresenceRoom>>

const rooms = new WeakMap<ChannelsClient, Rooms>()
/** Forgets the name of a room that nobody holds any more. */
const released = new FinalizationRegistry<() => void>(forget => forget())

/**
 * One room of one client: who is there, and whether this tab is. Enters again after each reconnect.
 * Knows the client's reads and calls; knows no framework.
 */
export class PresenceRoom {
  readonly #client: ChannelsClient
  readonly #stream: string
  readonly #params: Readonly<Record<string, unknown>>
  readonly #listeners = new Listeners()
  readonly #entrances = new Map<object, PresenceMeta>()
  #read: LiveHandle | null = null
  #unlisten: (() => void)[] = []
  #state: PresenceState = NOBODY
  #tab: string | null = null
  #refusal: BindingError | null = null
  /** What this connection was told last, as text; `undefined` if nothing, or nothing that holds. */
  #told: string | undefined
  #connection = ''
  #isSending = false
  /** Milliseconds of the clock before which nothing more is sent. */
  #notBefore = 0
  readonly #timer = new Timer()

  /** The room of a row, or (`''` for the one without a name) of a stream. Equal ones are one. */
  static of(client: ChannelsClient, stream: string, id: string | number = ''): PresenceRoom {
    const known: Rooms = rooms.get(client) ?? new Map()
    rooms.set(client, known)
    const key = `${stream} ${typeof id} ${id}`
    return known.get(key)?.deref() ?? hold(known, key, new PresenceRoom(client, stream, id))
  }

  private constructor(client: ChannelsClient, stream: string, id: string | number) {
    this.#client = client
    this.#stream = stream
    this.#params = id === '' ? {} : { id }
  }

  /** Who is there; the same object until that changes. */
  readonly getState = (): PresenceState => this.#state

  /** Watches the room: calls back after each change of its state. Returns what ends that. */
  readonly subscribe = (callback: () => void): (() => void) => {
    const remove = this.#listeners.add(callback)
    this.#read ??= this.#watch()
    return () => {
      remove()
      if (this.#listeners.size) return
      this.#read?.unsubscribe()
      this.#read = null
    }
  }

  /** Enters. Whoever does not watch is seen all the same. */
  enter(meta: PresenceMeta = {}): Entrance {
    const entrance = {}
    this.#entrances.set(entrance, meta)
    this.#listen()
    this.#later(0)
    return {
      update: changed => {
        if (!this.#entrances.has(entrance)) return
        this.#entrances.set(entrance, changed)
        this.#later(0)
      },
      leave: () => {
        this.#entrances.delete(entrance)
        this.#later(this.#entrances.size ? 0 : LINGER_MS)
      },
    }
  }

  #watch(): LiveHandle {
    const live = this.#client.live as unknown as (
      stream: string,
      action: string,
      params: unknown,
      observer: () => void,
    ) => LiveHandle
    const read = live.call(this.#client, this.#stream, 'presence', this.#params, () => this.#changed())
    queueMicrotask(() => this.#changed())
    return read
  }

  #changed(): void {
    const { data, status, isLive, error } = (this.#read?.getSnapshot() ?? NOBODY) as LiveState<{
      rows: PresenceMember[]
    }>
    if (status === 'success' && this.#state.status !== 'success' && this.#refusal) {
      this.#told = undefined // it was refused while the row was away
      this.#later(0)
    }
    const members = data?.rows ?? []
    const me = members.find(({ tabs }) => tabs.some(({ id }) => id === this.#tab)) ?? null
    const others = me ? members.filter(member => member !== me) : members
    const next: PresenceState = {
      status,
      members,
      others,
      me,
      tab: me && this.#tab,
      isLive,
      error: error ?? this.#refusal,
    }
    const keys = Object.keys(next) as (keyof PresenceState)[]
    const isSame = (key: keyof PresenceState): boolean =>
      key === 'others' ? sameMembers(next.others, this.#state.others) : next[key] === this.#state[key]
    if (keys.every(isSame)) return
    this.#state = { ...next, others: isSame('others') ? this.#state.others : others }
    this.#listeners.emit()
  }

  /** Hears of the connection, as long as this tab is there or was a moment ago. */
  #listen(): void {
    if (this.#unlisten.length) return
    const again = (): void => {
      this.#told = undefined
      this.#later(0)
    }
    this.#connection = this.#nowOpen()
    this.#unlisten = [
      this.#client.onState(() => {
        const now = this.#nowOpen()
        if (now === this.#connection) return
        this.#connection = now
        this.#tab = null
        again()
      }),
      // an answer that is `forbidden` says so too, while it is on its way to whoever asked
      this.#client.onPermissions(() => !this.#isSending && again()),
      this.#client.onError((_error, event) => {
        if (event !== this.#event) return
        this.#tab = null
        this.#told = undefined
        this.#changed()
      }),
    ]
    this.#client.ensure()
  }

  get #event(): string {
    return eventName(this.#stream, 'presence')
  }

  /** Which connection is open, as far as one can be there by it: only sockets end. */
  #nowOpen(): string {
    const { status, transport } = this.#client.getState()
    return status === 'open' && transport === 'ws' ? 'ws' : ''
  }

  #later(ms: number): void {
    this.#timer.start(() => void this.#send(), Math.max(ms, this.#notBefore - Date.now()))
  }

  get #wanted(): Wanted {
    if (!this.#entrances.size) return null
    return Object.fromEntries([...this.#entrances.values()].flatMap(Object.entries))
  }

  async #send(): Promise<void> {
    const wanted = this.#wanted
    const text = canonical(wanted)
    if (this.#isSending || !this.#connection || text === (this.#told ?? 'null')) return this.#rest()
    this.#isSending = true
    this.#told = text
    let waitMs = PACE_MS
    try {
      const { data } = await this.#client.ask(this.#event, { ...this.#params, meta: wanted })
      this.#tab = (data as { tab?: string }).tab ?? null
      this.#refusal = null
    } catch (error) {
      const refusal = error as BindingError
      this.#tab = null
      if (refusal.retry && refusal.code !== 'unavailable') {
        this.#told = undefined
        waitMs = Math.max(PACE_MS, (refusal.retryAfterSeconds ?? 1) * 1_000)
      } else if (refusal.code !== 'unavailable') this.#refusal = refusal
    }
    this.#changed()
    this.#isSending = false
    this.#notBefore = Date.now() + waitMs
    this.#later(0)
  }

  /** Nothing is to be said: who is not there needs to hear of no connection. */
  #rest(): void {
    if (this.#entrances.size || this.#isSending) return
    for (const end of this.#unlisten.splice(0)) end()
    this.#told = undefined
    this.#tab = null
    this.#refusal = null
  }
}

function hold(known: Rooms, key: string, room: PresenceRoom): PresenceRoom {
  const held = new WeakRef(room)
  known.set(key, held)
  released.register(room, () => known.get(key) === held && known.delete(key))
  return room
}

const sameMembers = (a: readonly PresenceMember[], b: readonly PresenceMember[]): boolean =>
  a.length === b.length && a.every((member, index) => member === b[index])
