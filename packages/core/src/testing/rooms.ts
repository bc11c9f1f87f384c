import { BindingError } from '../errors.js'
import type { Have, Message } from '../types.js'
import type { FakeConnection } from './connection.js'
import { answerTo, diffOf, type FakeRow, type Page, pageOf, snapshotOf } from './page.js'
import type { FakeRead } from './read.js'

/** The server's limit of a `meta`, in bytes. */
const MAX_META_BYTES = 1_024

/** Somebody who is in a room. */
export interface FakeGuest {
  /** Whose tab it is: tabs of one key are one user. */
  readonly user: { readonly id: string | number; readonly [member: string]: unknown } | null
  readonly tab: string
  readonly meta?: Readonly<Record<string, unknown>>
}

interface Seat extends FakeGuest {
  readonly since: string
}

/** Who is in which room of a fake server. */
export class FakeRooms {
  /** Streams of nothing but rooms. */
  readonly streams: Set<string> = new Set()
  readonly #rooms = new Map<string, Map<string, Seat>>()
  readonly #tabs = new WeakMap<FakeConnection, string>()
  #lastTab = 0

  enter(stream: string, id: string | number, guest: FakeGuest): void {
    const room = this.#room(stream, id)
    const since = room.get(guest.tab)?.since ?? new Date().toISOString()
    room.set(guest.tab, { ...guest, since })
  }

  leave(stream: string, id: string | number, tab: string): void {
    this.#room(stream, id).delete(tab)
  }

  /** A connection enters, changes its `meta` or leaves; what it is answered. */
  call(connection: FakeConnection, stream: string, id: string | number, meta: unknown): unknown {
    const tab = this.#tabOf(connection)
    if (meta === null) {
      this.leave(stream, id, tab)
      return { success: true }
    }
    check(meta)
    const user = userOf(connection)
    this.enter(stream, id, { user, tab, meta })
    return { success: true, user: keyOf({ user, tab }), tab }
  }

  /** A connection is gone; returns whether it was anywhere. */
  left(connection: FakeConnection): boolean {
    const tab = this.#tabs.get(connection)
    return tab !== undefined && [...this.#rooms.values()].map(room => room.delete(tab)).includes(true)
  }

  /** Who is there: users in the order in which they came, each with its tabs. */
  page(stream: string, id: string | number): Page {
    const users = new Map<string, Seat[]>()
    for (const seat of this.#room(stream, id).values()) {
      const key = keyOf(seat)
      users.set(key, [...(users.get(key) ?? []), seat])
    }
    const rows = [...users].map(([key, seats]): FakeRow => {
      const tabs = seats.map(({ tab, since, meta = {} }) => ({ id: tab, since, meta }))
      return { id: key, user: seats.at(-1)?.user ?? null, tabs }
    })
    return pageOf({ count: rows.length }, rows)
  }

  #room(stream: string, id: string | number): Map<string, Seat> {
    const key = `${stream}:${id}`
    const room = this.#rooms.get(key) ?? new Map<string, Seat>()
    this.#rooms.set(key, room)
    return room
  }

  #tabOf(connection: FakeConnection): string {
    const tab = this.#tabs.get(connection) ?? `tab${++this.#lastTab}`
    this.#tabs.set(connection, tab)
    return tab
  }
}

/** A live read of a room. */
export class RoomRead implements FakeRead {
  readonly stream: string
  readonly #rooms: FakeRooms
  readonly #id: string | number
  readonly #isThere: () => boolean
  #page: Page | null

  /** @param isThere whether the row may be seen, still */
  constructor(rooms: FakeRooms, stream: string, id: string | number, isThere: () => boolean) {
    this.stream = stream
    this.#rooms = rooms
    this.#id = id
    this.#isThere = isThere
    this.#page = rooms.page(stream, id)
  }

  answer(have: Have | undefined): Partial<Message> {
    const page = this.#page as Page
    if (!have) return snapshotOf(page)
    const { data, ...others } = answerTo(have, page)
    if (others.type === 'same') return { ...others, data }
    const { order, rows, ...beside } = data as Record<string, unknown>
    return { ...others, data: { ...beside, order, rows } }
  }

  change(): Partial<Message> | null {
    const old = this.#page
    const page = this.#isThere() ? this.#rooms.page(this.stream, this.#id) : null
    this.#page = page
    if (!page) return old && { type: 'gone' }
    return old ? diffOf(old, page) : snapshotOf(page)
  }
}

function userOf({ user }: FakeConnection): FakeGuest['user'] {
  if (user === null || user === undefined) return null
  if (typeof user !== 'object') return { id: user as string, username: String(user) }
  const { id, name, username = name } = user as { id: string | number; name?: string; username?: string }
  return { id, username }
}

const keyOf = ({ user, tab }: Pick<FakeGuest, 'user' | 'tab'>): string => (user ? String(user.id) : `~${tab}`)

function check(meta: unknown): asserts meta is Readonly<Record<string, unknown>> {
  const isObject = typeof meta === 'object' && !Array.isArray(meta)
  if (!isObject || JSON.stringify(meta).length > MAX_META_BYTES)
    throw BindingError.from({
      code: 'invalid',
      status: 400,
      message: "'meta' is an object of at most 1024 bytes.",
      fields: { meta: [{ code: 'invalid', message: "'meta' is an object of at most 1024 bytes." }] },
      retry: false,
    })
}
