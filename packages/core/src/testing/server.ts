import { BindingError, type FieldErrors, type WireError } from '../errors.js'
import { eventName, parseEvent } from '../names.js'
import type { SocketConstructor } from '../transport.js'
import type { FormReply, Message, Request } from '../types.js'
import { FakeRows } from './formsets.js'
import { answerTo, diffOf, etagOf, type FakeRow, type Page, patchOf, snapshotOf } from './page.js'
import { type Conversation, type Peer, socketClass } from './socket.js'
import { FakeTable, type FakeTableOptions } from './table.js'

/** What a handler of a custom event can do, as `@bind` methods can. */
export interface HandlerContext {
  reflect(action: string, data: unknown): void
  dispatch(action: string, data: unknown): void
  broadcast(action: string, data: unknown): void
}

/** Answers a custom event; what it returns is the reply, what it throws the error. */
export type Handler = (data: Readonly<Record<string, unknown>>, context: HandlerContext) => unknown

/** How the fake server behaves; every one can be changed while it runs. */
export interface Bends {
  /** Time in milliseconds that each frame to the client takes. @default 0 */
  delayMs: number
  /** Sends every frame twice. @default false */
  duplicate: boolean
  /** Frames to the client that are lost from now on; counts down. @default 0 */
  drop: number
  /** Says nothing at all, as a half-open link does. @default false */
  silent: boolean
  /** Handshakes that are refused from now on; counts down. @default 0 */
  refuse: number
  /** Diffs that get a wrong `v` from now on; counts down. @default 0 */
  wrongVersion: number
  /** Refuses a request with this error; `null` lets it through. */
  fail: ((request: Request) => WireError | BindingError | null) | null
}

interface Live {
  readonly table: FakeTable
  readonly action: string
  readonly data: Record<string, unknown>
  page: Page | null
  row: FakeRow | null
}

type Data = Record<string, unknown>
type Beside = Readonly<Record<string, FakeRows>>

const NO_REPLY = Symbol('no reply')

/** One client's socket, as the server sees it. */
class Connection implements Conversation {
  readonly lives: Map<string, Live> = new Map()
  readonly streams: Set<string> = new Set()
  readonly hasProtocol: boolean
  /** Whether it is open only to say who it is. */
  isPending = false
  readonly #peer: Peer
  readonly #server: FakeServer
  #pushes: Message[] = []

  constructor(server: FakeServer, peer: Peer, hasProtocol: boolean) {
    this.#server = server
    this.#peer = peer
    this.hasProtocol = hasProtocol
  }

  receive(text: string): void {
    this.#server.receive(this, text)
  }

  closed(): void {
    this.#server.connections.delete(this)
  }

  close(code: number, reason?: string): void {
    this.#server.connections.delete(this)
    this.#peer.close(code, reason)
  }

  /** Collects pushes, which leave in one frame. */
  push(message: Message): void {
    this.#pushes.push(message)
  }

  flush(): void {
    const pushes = this.#pushes
    this.#pushes = []
    if (!pushes.length) return
    if (this.hasProtocol && pushes.length > 1) this.sendText(JSON.stringify(pushes))
    else for (const message of pushes) this.send(message)
  }

  send(message: Message): void {
    this.sendText(JSON.stringify(message))
  }

  sendText(text: string): void {
    const { bends } = this.#server
    if (bends.silent) return
    if (bends.drop > 0) return void bends.drop--
    for (let times = bends.duplicate ? 2 : 1; times > 0; times--) this.#deliver(text, bends.delayMs)
  }

  #deliver(text: string, delayMs: number): void {
    this.#server.sent.push(text)
    if (delayMs) setTimeout(() => this.#peer.send(text), delayMs)
    else this.#peer.send(text)
  }
}

/**
 * A server in memory that speaks the real protocol, for tests.
 *
 * How to use it, and how to bend it (most to least common):
 * - `server.bind('shop.Product', {rows})`, then `new ChannelsClient({WebSocket: server.WebSocket, url: 'ws://fake/'})`
 * - `server.insert / update / remove (stream, …)`: somebody else writes; those who see it are told
 * - `server.handle('game.hunger.food', data => …)`, `server.dispatch / broadcast (…)`: custom events
 * - `server.bends.fail = request => …`: refuses what you choose
 * - `server.hold()` … `server.release()`: replies and pushes wait
 * - `server.close(4500)`, `server.bends.refuse = 3`: lost and refused connections
 * - `server.bends.silent`, `drop`, `delayMs`, `duplicate`, `wrongVersion`: bad links and bad servers
 * - `server.received`, `server.sent`: what went by
 * - `server.accept(peer, protocols)`: the same conversation over a socket of your own
 */
export class FakeServer {
  readonly bends: Bends = {
    delayMs: 0,
    duplicate: false,
    drop: 0,
    silent: false,
    refuse: 0,
    wrongVersion: 0,
    fail: null,
  }
  /** Every message that came, in order. */
  readonly received: Request[] = []
  /** Every frame that came, in order. */
  readonly frames: string[] = []
  /** Every frame that left, in order. */
  readonly sent: string[] = []
  /** The sockets that are open. */
  readonly connections: Set<Connection> = new Set()
  /** A WebSocket class whose sockets end here. */
  readonly WebSocket: SocketConstructor = socketClass((peer, protocols) => this.accept(peer, protocols))
  /** What `cb.hello` says. */
  hello: Data = { proto: 'cb.1', connection: 'fake', user: { id: 1, name: 'Ann' }, ping_seconds: 20, limits: {} }
  /** Who may come: token → user. `null` lets everyone in. */
  users: Readonly<Record<string, unknown>> | null = null
  /** How long a token is good, in seconds; `null` for ever. */
  tokenSeconds: number | null = null
  readonly #tables = new Map<string, FakeTable>()
  readonly #handlers = new Map<string, Handler>()
  #held: (() => void)[] | null = null

  // ---- what it holds

  /** Gives the server a stream with rows. */
  bind(stream: string, options: FakeTableOptions = {}): FakeTable {
    const table = new FakeTable(stream, options)
    this.#tables.set(stream, table)
    return table
  }

  /** Gives the server a custom event. */
  handle(event: string, handler: Handler): void {
    this.#handlers.set(event, handler)
  }

  /** The rows of a stream. */
  rows(stream: string): readonly FakeRow[] {
    return this.#table(stream).rows
  }

  // ---- what others do

  /** Somebody else adds a row. */
  insert(stream: string, values: Data): FakeRow {
    return this.#changing(() => this.#table(stream).insert(values))
  }

  /** Somebody else changes a row. */
  update(stream: string, id: string | number, values: Data): FakeRow {
    return this.#changing(() => this.#table(stream).update(id, values))
  }

  /** Somebody else deletes a row. */
  remove(stream: string, id: string | number): void {
    this.#changing(() => this.#table(stream).remove(id))
  }

  /** Several changes in one commit: their diffs leave in one frame. */
  commit(work: () => void): void {
    this.#depth++
    try {
      work()
    } finally {
      this.#depth--
      this.#announce()
    }
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
        if (live.table.stream === stream) {
          connection.lives.delete(event)
          connection.send({ event, error: wireOf(error) })
        }
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

  /** Accepts a socket: hand over what arrives, and `peer` sends what leaves. `null` for a refused handshake. */
  accept(peer: Peer, protocols: readonly string[]): Connection | null {
    if (this.bends.refuse > 0) {
      this.bends.refuse--
      return null
    }
    const connection = new Connection(this, peer, protocols.includes('cb.1.json'))
    const bearer = protocols.find(each => each.startsWith('bearer.'))?.slice(7)
    if (bearer !== undefined && this.#userOf(bearer) === undefined) return null
    connection.isPending = this.users !== null && bearer === undefined
    this.connections.add(connection)
    if (connection.hasProtocol && !connection.isPending) this.#greet(connection, bearer)
    return connection
  }

  #userOf(token: string): unknown {
    return this.users === null ? this.hello.user : this.users[token]
  }

  #greet(connection: Connection, token?: string): void {
    const lasts = token === undefined || this.tokenSeconds === null ? {} : { expires_in: this.tokenSeconds }
    const user = token === undefined ? this.hello.user : this.#userOf(token)
    connection.send({ event: 'cb.hello', data: { ...this.hello, user, ...lasts } })
  }

  #authenticate(connection: Connection, token: string): unknown {
    const user = this.#userOf(token)
    if (user === undefined) {
      if (connection.isPending) queueMicrotask(() => connection.close(4401))
      throw new BindingError('unauthenticated', 'No such token.')
    }
    if (connection.isPending) this.#greet(connection, token)
    connection.isPending = false
    return { success: true, user, ...(this.tokenSeconds !== null && { expires_in: this.tokenSeconds }) }
  }

  /** Takes a frame. */
  receive(connection: Connection, text: string): void {
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

  #depth = 0

  #table(stream: string): FakeTable {
    const table = this.#tables.get(stream)
    if (!table) throw new BindingError('not_found', `No stream ${stream}.`)
    return table
  }

  #answer(connection: Connection, request: Request): void {
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
      connection.send({ event, ...(id !== undefined && { id }), error: wireOf(wire) })
    }
  }

  #reply(connection: Connection, request: Request): unknown {
    const { event, data } = request
    if (event.startsWith('cb.')) return this.#system(connection, request)
    const { stream, action, hash } = parseEvent(event)
    const values = (data ?? {}) as Data
    if (action === 'subscribe' || action === 'unsubscribe') return this.#subscription(connection, stream, action, hash)
    connection.streams.add(stream)
    const handler = this.#handlers.get(eventName(stream, action))
    if (handler) return this.#handled(connection, stream, handler, values)
    const table = this.#table(stream)
    if (action === 'search' || action === 'list') return this.#read(connection, table, action, request, values)
    if (action === 'retrieve') return this.#retrieve(connection, table, request, values)
    return { data: this.#action(table, action, values) }
  }

  #system(connection: Connection, { event, data, id }: Request): unknown {
    if (event === 'cb.ping' && id === undefined) {
      connection.send({ event: 'cb.pong', data })
      return NO_REPLY
    }
    if (event === 'cb.pong') return NO_REPLY
    if (event === 'cb.auth') return { data: this.#authenticate(connection, (data as { token: string }).token) }
    if (event === 'cb.locale') return { data: { success: true, language: 'en', timezone: 'UTC', ...(data as object) } }
    if (event === 'cb.batch') return { data: this.#batch((data as { ops: Request[] }).ops) }
    throw new BindingError('bad_request', `No ${event}.`)
  }

  #batch(ops: readonly (Request & { as?: string })[]): unknown {
    const results: { data: unknown }[] = []
    const named = new Map<string, unknown>()
    this.commit(() => {
      for (const op of ops) {
        const { stream, action } = parseEvent(op.event)
        const data = this.#action(this.#table(stream), action, resolved(op.data ?? {}, named) as Data)
        results.push({ data })
        if (op.as !== undefined) named.set(op.as, data)
      }
    })
    return { success: true, results }
  }

  #subscription(connection: Connection, stream: string, action: string, hash: string | null): unknown {
    if (hash !== null) {
      for (const event of connection.lives.keys()) {
        const parts = parseEvent(event)
        if (parts.stream === stream && parts.hash === hash) connection.lives.delete(event)
      }
    } else if (action === 'subscribe') connection.streams.add(stream)
    else connection.streams.delete(stream)
    return { data: { success: true } }
  }

  #handled(connection: Connection, stream: string, handler: Handler, data: Data): unknown {
    const reply = handler(data, {
      reflect: (action, pushed) => connection.send({ event: eventName(stream, action), data: pushed }),
      dispatch: (action, pushed) => this.dispatch(eventName(stream, action), pushed),
      broadcast: (action, pushed) => this.broadcast(eventName(stream, action), pushed),
    })
    return { data: reply ?? {} }
  }

  #read(connection: Connection, table: FakeTable, action: string, request: Request, data: Data): unknown {
    const page = table.page(action, data)
    const isLive = data.live !== false
    if (isLive) connection.lives.set(request.event, { table, action, data, page, row: null })
    if (!isLive || !connection.hasProtocol) return { data: { ...page.data, rows: page.rows } }
    return request.have ? answerTo(request.have, page) : snapshotOf(page)
  }

  #retrieve(connection: Connection, table: FakeTable, request: Request, data: Data): unknown {
    if (Array.isArray(data.ids)) return { data: { rows: data.ids.flatMap(id => table.get(id) ?? []) } }
    const row = table.narrowed(table.find(data.id), data.fields)
    const isLive = data.live !== false
    if (isLive) connection.lives.set(request.event, { table, action: 'retrieve', data, page: null, row })
    if (!isLive || !connection.hasProtocol) return { data: row }
    const v = etagOf(row)
    return request.have?.v === v ? { type: 'same', v } : { type: 'snapshot', v, data: row }
  }

  #action(table: FakeTable, action: string, data: Data): unknown {
    const { id, ...values } = data as { id?: string | number }
    switch (action) {
      case 'create':
        return this.#save(table, values, null)
      case 'update':
      case 'save':
        return this.#save(table, values, id ?? null)
      case 'delete':
        table.find(id)
        this.#changing(() => table.remove(id as string | number))
        return { success: true, id }
      case 'form':
        return this.#form(table, id ?? null, (data as { submit?: Data }).submit)
      case 'describe':
        return table.describe()
      default:
        throw new BindingError('method_not_allowed', `No action ${action} on ${table.stream}.`)
    }
  }

  #save(table: FakeTable, values: Data, id: string | number | null): unknown {
    if (id !== null) table.find(id)
    table.check(values, id)
    if (id === null) return { success: true, ...this.#changing(() => table.insert(values)) }
    this.#changing(() => table.update(id, values))
    return { success: true, id }
  }

  #form(table: FakeTable, id: string | number | null, submitted: Data | undefined): unknown {
    const beside = this.#rowsBeside(table, id)
    if (!submitted) return this.#withRows(table.form(id), beside)
    const own = Object.fromEntries(Object.entries(submitted).filter(([name]) => !(name in beside)))
    const wrong = Object.entries(beside).map(([name, rows]) => [name, rows.errors(submitted[name])] as const)
    const inRows = wrong.filter(([, found]) => Object.keys(found).length)
    const errors = { ...(table.options.validate?.(own, id) ?? {}), ...Object.fromEntries(inRows) } as FieldErrors
    if (Object.keys(errors).length) return this.#withRows(table.form(id, errors, own), beside, submitted)
    const row = this.#changing(() => this.#saveForm(table, id, own, beside, submitted))
    return { ...this.#withRows(table.form(row.id), this.#rowsBeside(table, row.id)), success: true }
  }

  #saveForm(table: FakeTable, id: string | number | null, own: Data, beside: Beside, submitted: Data): FakeRow {
    const row = id === null ? table.insert(own) : table.update(id, own)
    for (const [name, rows] of Object.entries(beside)) rows.save(submitted[name], row.id)
    return row
  }

  #rowsBeside(table: FakeTable, id: string | number | null): Beside {
    const formsets = table.options.formsets ?? []
    return Object.fromEntries(formsets.map(each => [each.name, new FakeRows(each, this.#table(each.stream), id)]))
  }

  #withRows(form: FormReply<FakeRow>, beside: Beside, submitted?: Data): FormReply<FakeRow> {
    const formsets = Object.entries(beside).map(([name, rows]) => rows.describe(submitted && (submitted[name] ?? [])))
    return formsets.length ? { ...form, formsets } : form
  }

  #changing<T>(work: () => T): T {
    const result = work()
    if (!this.#depth) this.#announce()
    return result
  }

  /** Tells every live read what became of it, all changes of one connection in one frame. */
  #announce(): void {
    for (const connection of this.connections) {
      for (const [event, live] of connection.lives) this.#tell(connection, event, live)
      connection.flush()
    }
  }

  #tell(connection: Connection, event: string, live: Live): void {
    const message = live.page ? this.#listChange(connection, live, live.page) : this.#rowChange(connection, live)
    if (message) connection.push({ event: message.event ?? event, ...message })
  }

  #listChange(connection: Connection, live: Live, old: Page): Partial<Message> | null {
    const page = live.table.page(live.action, live.data)
    const diff = diffOf(old, page)
    if (!diff) return null
    live.page = page
    if (!connection.hasProtocol) return { data: { ...page.data, rows: page.rows } }
    return this.bends.wrongVersion-- > 0 ? { ...diff, v: 'ffffffff' } : diff
  }

  #rowChange(connection: Connection, live: Live): Partial<Message> | null {
    const stored = live.table.get(live.data.id)
    const row = stored ? live.table.narrowed(stored, live.data.fields) : null
    const old = live.row
    const patch = old && row ? patchOf(old, row) : []
    live.row = row
    if (!row) return old && this.#goneMessage(connection, live)
    if (!old) return { type: 'snapshot', v: etagOf(row), data: row }
    if (!patch.length) return null
    if (!connection.hasProtocol) return { data: row }
    return { type: 'diff', from: etagOf(old), v: etagOf(row), data: { patch } }
  }

  #goneMessage(connection: Connection, live: Live): Partial<Message> {
    if (connection.hasProtocol) return { type: 'gone' }
    return { event: eventName(live.table.stream, 'delete'), data: { id: live.data.id } }
  }
}

/** `{"$ref": "name.path"}` anywhere in `value` → what the operation of that name has answered. */
function resolved(value: unknown, named: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map(member => resolved(member, named))
  if (typeof value !== 'object' || value === null) return value
  const reference = '$ref' in value && Object.keys(value).length === 1 ? String(value.$ref) : ''
  if (/^[A-Za-z_]\w*(\.\w+)+$/.test(reference)) return referred(reference, named)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolved(member, named)]))
}

function referred(reference: string, named: ReadonlyMap<string, unknown>): unknown {
  const [name, ...path] = reference.split('.')
  let found = named.get(name as string)
  for (const part of path) found = (found as Record<string, unknown> | undefined)?.[part]
  if (found === undefined) throw new BindingError('invalid', `Nothing is known by '${reference}'.`)
  return found
}

function wireOf(error: BindingError): WireError {
  const { code, status, message, retry, fields, ref, retryAfterSeconds } = error
  return {
    code,
    status,
    message,
    ...(fields && { fields }),
    retry,
    ...(ref && { ref }),
    ...(retryAfterSeconds !== null && { retry_after: retryAfterSeconds }),
  }
}
