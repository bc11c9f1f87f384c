import { BindingError } from '../errors.js'
import { eventName, parseEvent } from '../names.js'
import type { ClientOptions } from '../options.js'
import type { SocketConstructor } from '../socket.js'
import type { Description, Message, Request } from '../types.js'
import { type Bends, straight } from './bends.js'
import { checkVersion, KeptReplies } from './conditions.js'
import { FakeConnection } from './connection.js'
import { fetchOf } from './http.js'
import { etagOf, type FakeRow } from './page.js'
import { type FakeRead, ListRead, RowRead } from './read.js'
import { type FakeGuest, FakeRooms, RoomRead } from './rooms.js'
import { type Peer, socketClass } from './socket.js'
import type { FakeTable, FakeTableOptions } from './table.js'
import { type Answer, type Batch, FakeTables } from './tables.js'

/** What a handler of a custom event can do, as `@bind` methods can. */
export interface HandlerContext {
  reflect(action: string, data: unknown): void
  dispatch(action: string, data: unknown): void
  broadcast(action: string, data: unknown): void
}

/** Answers a custom event; what it returns is the reply, what it throws the error. */
export type Handler = (data: Readonly<Record<string, unknown>>, context: HandlerContext) => unknown

type Data = Record<string, unknown>

const NO_REPLY = Symbol('no reply')

/**
 * A server in memory that speaks the real protocol, for tests.
 *
 * How to use it, and how to bend it (most to least common):
 * - `server.bind('shop.Product', {rows})`, then `new ChannelsClient(server.options)`
 * - `server.insert / update / remove (stream, …)`: somebody else writes; live reads that show it are pushed the change
 * - `server.enter / leave (stream, id, …)`: somebody else is there, or no more; `server.bindRooms(stream)` for rooms without rows
 * - `server.handle('game.hunger.food', data => …)`, `server.dispatch / broadcast (…)`: custom events
 * - `server.bends.fail = request => …`: refuses what you choose
 * - `server.hold()` … `server.release()`: replies and pushes wait
 * - `server.close(4500)`, `server.bends.refuse = 3`: lost and refused connections; `refuse = Infinity` leaves HTTP alone
 * - `server.bends.unreachable`, `buffered`: HTTP that does not work, or holds streams back
 * - `server.bends.silent`, `drop`, `delayMs`, `duplicate`, `reorder`, `wrongVersion`: bad links and bad servers
 * - `server.received`, `server.sent`: what went by
 * - `server.accept(peer, protocols)`: the same conversation over a socket of your own
 */
export class FakeServer {
  readonly bends: Bends = straight()
  /** Every message that came, in order. */
  readonly received: Request[] = []
  /** Every frame that came, in order. */
  readonly frames: string[] = []
  /** Every frame that left, in order. */
  readonly sent: string[] = []
  /** The sockets that are open. */
  readonly connections: Set<FakeConnection> = new Set()
  /** A WebSocket class whose sockets end here. */
  readonly WebSocket: SocketConstructor = socketClass((peer, protocols) => this.accept(peer, protocols))
  /** A `fetch` whose requests end here. */
  readonly fetch: typeof fetch = fetchOf({
    bends: this.bends,
    userOf: token => (token === null ? (this.users === null ? this.hello.user : undefined) : this.#userOf(token)),
    converse: peer => this.#join(new FakeConnection(this, peer, true)),
  })
  /** What a client of this server is made with: `new ChannelsClient(server.options)`. */
  readonly options: ClientOptions = { url: 'ws://fake/ws/', WebSocket: this.WebSocket, fetch: this.fetch }
  /** What `cb.hello` says. */
  hello: Data = { proto: 'cb.1', connection: 'fake', user: { id: 1, name: 'Ann' }, ping_seconds: 20, limits: {} }
  /** Who may come: token → user. `null` lets everyone in. */
  users: Readonly<Record<string, unknown>> | null = null
  /** How long a token is good, in seconds; `null` for ever. */
  tokenSeconds: number | null = null
  readonly #tables = new FakeTables(() => this.#announce())
  readonly #handlers = new Map<string, Handler>()
  readonly #kept = new KeptReplies()
  readonly #rooms = new FakeRooms()
  #held: (() => void)[] | null = null

  // ---- what it holds

  /** Gives the server a stream with rows. */
  bind(stream: string, options: FakeTableOptions = {}): FakeTable {
    return this.#tables.bind(stream, options)
  }

  /** Gives the server a custom event. */
  handle(event: string, handler: Handler): void {
    this.#handlers.set(event, handler)
  }

  /** The rows of a stream. */
  rows(stream: string): readonly FakeRow[] {
    return this.#tables.get(stream).rows
  }

  // ---- what others do

  /** Somebody else adds a row. */
  insert(stream: string, values: Data): FakeRow {
    return this.#tables.change(() => this.#tables.get(stream).insert(values))
  }

  /** Somebody else changes a row. */
  update(stream: string, id: string | number, values: Data): FakeRow {
    return this.#tables.change(() => this.#tables.get(stream).update(id, values))
  }

  /** Somebody else deletes a row. */
  remove(stream: string, id: string | number): void {
    this.#tables.change(() => this.#tables.get(stream).remove(id))
  }

  /** From now on `describe` answers this over what it did. */
  describe(stream: string, description: Partial<Description>): void {
    this.#tables.get(stream).description = description
  }

  /** Several changes in one commit: their diffs leave in one frame. */
  commit(work: () => void): void {
    this.#tables.commit(work)
  }

  /** Pushes an event to those who subscribed to its stream. */
  dispatch(event: string, data: unknown): void {
    for (const connection of this.connections)
      if (connection.streams.has(parseEvent(event).stream)) connection.send({ event, data })
  }

  /** Pushes an event to everyone. */
  broadcast(event: string, data: unknown): void {
    for (const connection of this.connections) connection.send({ event, data })
  }

  /** A read that its reader may no longer make: pushes the error and ends it. */
  withdraw(stream: string, error: BindingError = new BindingError('forbidden', 'No longer allowed.')): void {
    for (const connection of this.connections)
      for (const [event, live] of connection.lives)
        if (live.stream === stream) {
          connection.lives.delete(event)
          connection.sendError({ event }, error)
        }
  }

  /** Gives the server a stream of nothing but rooms, a `PresenceBinding`. */
  bindRooms(stream: string): void {
    this.#rooms.streams.add(stream)
  }

  /** Somebody else is in the room of a row, or in a room with a name; again with the same tab to change the `meta`. */
  enter(stream: string, id: string | number, guest: FakeGuest): void {
    this.#rooms.enter(stream, id, guest)
    this.#announce()
  }

  /** Somebody else leaves: this tab. */
  leave(stream: string, id: string | number, tab: string): void {
    this.#rooms.leave(stream, id, tab)
    this.#announce()
  }

  // ---- how it is bent

  /** Closes every socket with this code. */
  close(code: number, reason?: string): void {
    for (const connection of [...this.connections]) connection.close(code, reason)
  }

  /** Sends a system message to everyone. */
  system(event: string, data: unknown): void {
    this.broadcast(event, data)
  }

  /** Sends a frame as it stands to everyone. */
  raw(text: string): void {
    for (const connection of this.connections) connection.sendText(text)
  }

  /** From now on what arrives waits for `release`. */
  hold(): void {
    this.#held ??= []
  }

  /** Answers what waited, in the order in which it came. */
  release(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const work of held) work()
  }

  /** How many live reads the server keeps. */
  get liveReads(): number {
    return [...this.connections].reduce((sum, connection) => sum + connection.lives.size, 0)
  }

  /** The messages that came for one action, `'search'` for instance. */
  requests(action: string): Request[] {
    return this.received.filter(request => parseEvent(request.event).action === action)
  }

  // ---- how it talks

  /**
   * Accepts a socket: hand over what arrives, and `peer` sends what leaves. `null` for a refused handshake; who is not known is let
   * in to be told so, and closed.
   */
  accept(peer: Peer, protocols: readonly string[]): FakeConnection | null {
    if (this.bends.refuse > 0) {
      this.bends.refuse--
      return null
    }
    const connection = new FakeConnection(this, peer, protocols.includes('cb.1.json'))
    const bearer = protocols.find(each => each.startsWith('bearer.'))?.slice(7)
    if (this.bends.signedOut || (bearer !== undefined && this.#userOf(bearer) === undefined)) {
      if (!connection.hasProtocol) return null
      peer.close(4401, bearer === undefined ? 'nobody is signed in' : 'the token is not accepted')
      return connection
    }
    connection.isPending = this.users !== null && bearer === undefined
    this.#join(connection)
    if (connection.hasProtocol && !connection.isPending) this.#greet(connection, bearer)
    return connection
  }

  #join(connection: FakeConnection): FakeConnection {
    this.connections.add(connection)
    connection.user = this.hello.user
    return connection
  }

  /** A socket is gone, and whoever was in a room by it. */
  left(connection: FakeConnection): void {
    this.connections.delete(connection)
    if (this.#rooms.left(connection)) this.#announce()
  }

  #userOf(token: string): unknown {
    return this.users === null ? this.hello.user : this.users[token]
  }

  #greet(connection: FakeConnection, token?: string): void {
    const lasts = token === undefined || this.tokenSeconds === null ? {} : { expires_in: this.tokenSeconds }
    const user = token === undefined ? this.hello.user : this.#userOf(token)
    connection.user = user
    connection.send({ event: 'cb.hello', data: { ...this.hello, user, ...lasts } })
  }

  #authenticate(connection: FakeConnection, token: string): unknown {
    const user = this.#userOf(token)
    if (user === undefined) {
      if (connection.isPending) queueMicrotask(() => connection.close(4401))
      throw new BindingError('unauthenticated', 'No such token.')
    }
    if (connection.isPending) this.#greet(connection, token)
    connection.isPending = false
    connection.user = user
    return { success: true, user, ...(this.tokenSeconds !== null && { expires_in: this.tokenSeconds }) }
  }

  /** Takes a frame. */
  receive(connection: FakeConnection, text: string): void {
    this.frames.push(text)
    const parsed: unknown = JSON.parse(text)
    const requests = (Array.isArray(parsed) ? parsed : [parsed]) as Request[]
    for (const request of requests) {
      this.received.push(request)
      const work = (): void => this.#answer(connection, request)
      if (this.#held && !request.event.startsWith('cb.')) this.#held.push(work)
      else work()
    }
  }

  #answer(connection: FakeConnection, request: Request): void {
    if (!this.connections.has(connection)) return
    const { event, id } = request
    try {
      if (connection.isPending && event !== 'cb.auth') throw new BindingError('unauthenticated', 'Who are you?')
      const failure = this.bends.fail?.(request)
      if (failure) throw BindingError.from(failure)
      const reply = this.#reply(connection, request)
      if (reply !== NO_REPLY)
        connection.send({ event, ...(id !== undefined && { id }), ...(reply as Partial<Message>) })
    } catch (error) {
      const wire = error instanceof BindingError ? error : new BindingError('internal', String(error))
      connection.sendError(request, wire)
    }
  }

  #reply(connection: FakeConnection, request: Request): unknown {
    const { event, data } = request
    if (event.startsWith('cb.')) return this.#system(connection, request)
    const { stream, action, hash } = parseEvent(event)
    const values = (data ?? {}) as Data
    if (action === 'subscribe' || action === 'unsubscribe') return this.#subscription(connection, stream, action, hash)
    connection.streams.add(stream)
    const handler = this.#handlers.get(eventName(stream, action))
    if (handler) return this.#handled(connection, stream, handler, values)
    if (action === 'presence') return this.#presence(connection, request)
    const table = this.#tables.get(stream)
    if (action === 'retrieve' && Array.isArray(values.ids)) return { data: table.several(values.ids, values) }
    if (action === 'retrieve') return this.#read(connection, request, new RowRead(table, values))
    if (action === 'search' || action === 'list' || action === 'aggregate')
      return this.#read(connection, request, new ListRead(table, action, values))
    const { data: answer, v } = this.#kept.of(request, () => {
      checkVersion(table, request)
      return this.#tables.act(table, action, values)
    }) as Answer
    return { ...(connection.hasProtocol && v !== undefined && { v }), data: answer }
  }

  #system(connection: FakeConnection, { event, data, id }: Request): unknown {
    if (event === 'cb.ping' && id === undefined) {
      connection.send({ event: 'cb.pong', data })
      return NO_REPLY
    }
    if (event === 'cb.pong') return NO_REPLY
    if (event === 'cb.auth') return { data: this.#authenticate(connection, (data as { token: string }).token) }
    if (event === 'cb.locale') return { data: { success: true, language: 'en', timezone: 'UTC', ...(data as object) } }
    if (event === 'cb.batch') return { data: this.#tables.batch(data as Batch) }
    throw new BindingError('bad_request', `No ${event}.`)
  }

  #subscription(connection: FakeConnection, stream: string, action: string, hash: string | null): unknown {
    if (hash !== null) {
      for (const event of connection.lives.keys()) {
        const parts = parseEvent(event)
        if (parts.stream === stream && parts.hash === hash) connection.lives.delete(event)
      }
    } else if (action === 'subscribe') connection.streams.add(stream)
    else connection.streams.delete(stream)
    return { data: { success: true } }
  }

  #handled(connection: FakeConnection, stream: string, handler: Handler, data: Data): unknown {
    const reply = handler(data, {
      reflect: (action, pushed) => connection.send({ event: eventName(stream, action), data: pushed }),
      dispatch: (action, pushed) => this.dispatch(eventName(stream, action), pushed),
      broadcast: (action, pushed) => this.broadcast(eventName(stream, action), pushed),
    })
    return { data: reply ?? {} }
  }

  #presence(connection: FakeConnection, request: Request): unknown {
    const { stream } = parseEvent(request.event)
    const { id = '', meta } = (request.data ?? {}) as { id?: string | number; meta?: unknown }
    const find = this.#rooms.streams.has(stream) ? () => true : () => this.#tables.get(stream).get(id) !== undefined
    if (!find()) throw new BindingError('not_found', 'There is no such row.')
    if (meta === undefined) return this.#read(connection, request, new RoomRead(this.#rooms, stream, id, find))
    const data = this.#rooms.call(connection, stream, id, meta)
    queueMicrotask(() => this.#announce())
    return { data }
  }

  #read(connection: FakeConnection, { event, data, have }: Request, read: FakeRead): unknown {
    const isLive = (data as Data | undefined)?.live !== false
    if (isLive) connection.lives.set(event, read)
    const answer = read.answer(have, isLive && connection.hasProtocol)
    const isVersioned = !isLive && connection.hasProtocol && read instanceof RowRead
    return isVersioned ? { v: etagOf(answer.data as FakeRow), ...answer } : answer
  }

  /** Pushes to every live read what has changed, all changes of one connection in one frame. */
  #announce(): void {
    for (const connection of this.connections) {
      for (const [event, read] of connection.lives) {
        const message = read.change(connection.hasProtocol)
        if (message) connection.push({ event, ...this.#bent(message) })
      }
      connection.flush()
    }
  }

  #bent(message: Partial<Message>): Partial<Message> {
    if (message.type !== 'diff' || this.bends.wrongVersion <= 0) return message
    this.bends.wrongVersion--
    return { ...message, v: 'ffffffff' }
  }
}
