import { Actions } from './actions.js'
import { type CallOptions, Calls } from './calls.js'
import { isRefusal } from './closes.js'
import { Connection, closedError } from './connection.js'
import { Credentials } from './credentials.js'
import { BindingError } from './errors.js'
import { Listeners } from './listeners.js'
import { parseEvent, READS } from './names.js'
import type { ClientOptions, ClientStats, LiveObserver, Locale, ServerLimits } from './options.js'
import type { Shown } from './read.js'
import { type LiveHandle, type NotifyBatch, Reads } from './reads.js'
import { Streams } from './streams.js'
import type { Frame } from './transport.js'
import type {
  AggregateAnswer,
  AggregatedName,
  AggregateParams,
  AggregateRow,
  BindingName,
  ConnectionState,
  Counting,
  EventIn,
  EventName,
  EventOut,
  ExpandPath,
  FieldName,
  GroupName,
  ListPage,
  ListParams,
  MeasureName,
  Message,
  PageOf,
  Pk,
  RowWith,
  SearchParams,
  WindowPage,
  WindowParams,
} from './types.js'
import { transportOf } from './ways.js'
import type { WritesOptions } from './writes/write.js'

const isRead = (event: string, data: unknown): boolean => {
  const { action } = parseEvent(event)
  return (
    READS.has(action) ||
    action === 'describe' ||
    (action === 'form' && !(data as { submit?: unknown } | undefined)?.submit)
  )
}

/** Whether what is shown to be allowed was refused; what says what is allowed cannot be wrong about that. */
const isForbidden = ({ event, error }: Message): boolean =>
  error?.code === 'forbidden' && !['describe', 'form'].includes(parseEvent(event).action)

/** What a server takes before it knows who speaks (spec/protocol.md, section 4). */
const FIRST_FRAME_BYTES = 4096

/** One server, spoken to over one socket that opens on first use, or by HTTP where that cannot be: calls, live reads and pushes. */
export class ChannelsClient extends Actions {
  /** What happened so far; `divergences` must stay 0. */
  readonly stats: ClientStats = { divergences: 0, received: 0, sent: 0 }
  readonly #connection: Connection
  readonly #calls: Calls
  readonly #reads: Reads
  readonly #streams: Streams
  readonly #credentials: Credentials
  readonly #frames = new Listeners<[Frame]>()
  readonly #errors = new Listeners<[BindingError, string]>()
  readonly #permissions = new Listeners()
  /** Who the server says this is on this connection; `undefined` until it has. */
  #speaker: unknown
  /** How often the client has said who this is and is not answered yet. */
  #introductions = 0
  #whoever: unknown
  /** Whether a connection was open before, so that what was asked on it may not hold any more. */
  #isBack = false
  #limits: ServerLimits = {}
  #locale: Locale | null = null

  constructor(options: ClientOptions = {}) {
    super(options)
    const { token, backoff, subprotocol, heartbeat = {}, connectTimeoutMs = 10_000, timeoutMs = 15_000 } = options
    this.#credentials = new Credentials({ token, renew: token => this.#authenticate(token) })
    // an upload brings the token that counts by then, and is made for who this is by then
    this.options = { ...options, token: () => this.#credentials.resolve(), whoever: () => this.#whoever }
    this.#connection = new Connection(
      {
        transport: handlers =>
          transportOf(options, this.#credentials, handlers, () => this.#limits.frame_bytes ?? FIRST_FRAME_BYTES),
        backoff,
        heartbeat: subprotocol !== null && heartbeat,
        connectTimeoutMs,
      },
      {
        opened: () => this.#opened(),
        lost: () => this.#lost(),
        mayRenew: () => this.#credentials.mayRenew(),
        refused: (error, code) => this.#refused(error, code),
        received: messages => this.#receive(messages),
        ping: n => this.#send({ event: 'cb.ping', data: { n } }),
        frame: frame => this.#frames.emit({ ...frame, text: this.#credentials.redact(frame.text) }),
        isBusy: () => this.#calls.isInFlight,
      },
    )
    this.#calls = new Calls({
      isOpen: () => this.#connection.isOpen,
      isKnown: () => this.isKnown,
      send: this.#send,
      refusal: () => this.#connection.refusal,
      timeoutMs,
    })
    this.#reads = new Reads({
      calls: this.#calls,
      graceMs: options.graceMs ?? 1_500,
      diverged: () => this.stats.divergences++,
    })
    this.#streams = new Streams(event => this.#calls.post(event))
  }

  // ---- the connection

  /** Connects; everything else connects by itself on first use. */
  connect(): void {
    this.#connection.connect()
  }

  /** Disconnects: calls reject with `unavailable`, live reads stop; `connect()` starts again. */
  close(): void {
    this.#connection.close()
    this.#end(closedError())
  }

  /** Connects anew at once, also after `unauthorized`; live reads are asked for again. */
  reconnect(): void {
    this.#connection.reconnect()
  }

  /** The state of the connection; the same object until it changes. */
  readonly getState = (): ConnectionState => this.#connection.state

  /** Calls back after each change of the connection's state. */
  readonly onState = (callback: () => void): (() => void) => this.#connection.onState(callback)

  /** What the server grants, from its hello. */
  get limits(): ServerLimits {
    return this.#limits
  }

  /** Calls back with each text frame that goes by, for a log of the wire. */
  onFrame(callback: (frame: Frame) => void): () => void {
    return this.#frames.add(callback)
  }

  /** Calls back with errors that belong to no call: `cb.error`, and errors pushed under an event. */
  onError(callback: (error: BindingError, event: string) => void): () => void {
    return this.#errors.add(callback)
  }

  /**
   * Calls back when what this user may do may have changed, so that what `describe` and `form` have answered is to be asked again: the
   * server says so, another token was taken or another language, the connection is a new one, or something was `forbidden`.
   */
  onPermissions(callback: () => void): () => void {
    return this.#permissions.add(callback)
  }

  /**
   * Says who this is without reconnecting; every live read is evaluated anew, and those that were `unauthenticated` are asked
   * for again. Later connections use this token too.
   */
  async auth(token: string, options?: CallOptions): Promise<unknown> {
    this.#credentials.offer(token)
    const reply = await this.#authenticate(token, options)
    this.#credentials.give(token)
    this.#reads.askRefused()
    this.#permissions.emit()
    return reply
  }

  /** Connects on first use; never against a refusal or a `close()`. */
  ensure(): void {
    this.#connection.ensure()
  }

  // ---- calls

  /** As `call`, and tells the version of the row that was written, where the server said it. */
  ask(event: string, data?: unknown, options?: CallOptions): Promise<Pick<Message, 'data' | 'v'>> {
    this.#connection.ensure()
    return this.#calls.exchange(event, data, isRead(event, data), options)
  }

  /** Sends an event to its handler and resolves with the answer. Rejects with `BindingError`, or the signal's reason. */
  override call<E extends EventName>(event: E, data?: EventIn<E>, options?: CallOptions): Promise<EventOut<E>> {
    return this.#call(event, data, options) as Promise<EventOut<E>>
  }

  /**
   * Asks to be answered in another language or time zone, now and after each reconnect:
   * `setLocale({ language: 'de', timezone: Intl.DateTimeFormat().resolvedOptions().timeZone })`.
   * Live reads are read again in them first. Rejects with `invalid` where the server has no such language or time zone.
   */
  async setLocale(locale: Locale, options?: CallOptions): Promise<Required<Locale>> {
    const reply = (await this.#call('cb.locale', locale, options)) as Required<Locale>
    this.#locale = { ...this.#locale, ...locale }
    this.#permissions.emit()
    return { language: reply.language, timezone: reply.timezone }
  }

  // ---- what stays

  /** Reads the rows between places in the order, and keeps them live. */
  live<N extends BindingName, const E extends readonly ExpandPath<N>[] = readonly []>(
    name: N,
    action: 'search',
    params: WindowParams<N, E>,
    observer?: LiveObserver<WindowPage<RowWith<N, E>>>,
  ): LiveHandle<WindowPage<RowWith<N, E>>>
  /** Reads a page and keeps it live; equal reads share one read of the server's. */
  live<N extends BindingName, const C extends Counting = true, const E extends readonly ExpandPath<N>[] = readonly []>(
    name: N,
    action: 'search',
    params: SearchParams<N, C, E>,
    observer?: LiveObserver<PageOf<RowWith<N, E>, C>>,
  ): LiveHandle<PageOf<RowWith<N, E>, C>>
  /** Reads every row and keeps them live. */
  live<N extends BindingName, const E extends readonly ExpandPath<N>[] = readonly []>(
    name: N,
    action: 'list',
    params: ListParams<N, E>,
    observer?: LiveObserver<ListPage<RowWith<N, E>>>,
  ): LiveHandle<ListPage<RowWith<N, E>>>
  /** Measures by groups and keeps them live. */
  live<
    N extends AggregatedName,
    const M extends MeasureName<N> = Extract<'count', MeasureName<N>>,
    const G extends GroupName<N> = never,
  >(
    name: N,
    action: 'aggregate',
    params: AggregateParams<N, M, G>,
    observer?: LiveObserver<AggregateAnswer<AggregateRow<N, M, G>>>,
  ): LiveHandle<AggregateAnswer<AggregateRow<N, M, G>>>
  /** Reads a row and keeps it live. */
  live<N extends BindingName, const E extends readonly ExpandPath<N>[] = readonly []>(
    name: N,
    action: 'retrieve',
    params: { id: Pk<N>; fields?: readonly FieldName<N>[]; expand?: E },
    observer?: LiveObserver<RowWith<N, E>>,
  ): LiveHandle<RowWith<N, E>>
  live(stream: string, action: string, params: unknown, observer: LiveObserver<never> = () => undefined): LiveHandle {
    this.#connection.ensure()
    return this.#reads.observe({ stream, action, params }, observer as LiveObserver<unknown>)
  }

  /** Listens to what handlers push under an event (`reflect`, `dispatch`, `broadcast`). */
  on<E extends EventName>(event: E, callback: (data: EventOut<E>) => void): () => void {
    this.#connection.ensure()
    return this.#streams.on(event, callback as (data: unknown) => void)
  }

  /** Subscribes to a stream, for as long as anybody wants it and again after each reconnect. */
  subscribeStream(stream: string, callback?: (action: string, data: unknown) => void): () => void {
    const unsubscribe = this.#streams.subscribe(stream, callback)
    this.#connection.ensure()
    return unsubscribe
  }

  /** Sets what runs the notifications of several changes; `notifyManager.batch` for TanStack Query. */
  setNotifyBatch(batch: NotifyBatch): void {
    this.#reads.setBatch(batch)
  }

  /** What each live read shows (`seen` of `@channels-binding/core/writes` finds a row there, and its version). */
  get shown(): Iterable<Shown> {
    return this.#reads.shown
  }

  /** Who this is, or was when the server said it last; `undefined` until it has. */
  get whoever(): unknown {
    return this.#whoever
  }

  /** Whether it is known who this is on this connection: the server has said so, where it does, and nothing else is said meanwhile. */
  get isKnown(): boolean {
    const isSaid = this.#speaker !== undefined || this.options.subprotocol === null
    return isSaid && !this.#introductions && this.#connection.isOpen
  }

  /** Why there will be no connection before `connect()` or `reconnect()`; `null` while there is one or may be one. */
  get refusal(): BindingError | null {
    return this.#connection.refusal
  }

  /** How writes that wait are kept (`@channels-binding/core/writes`). */
  get writesOptions(): WritesOptions {
    return this.options.writes ?? {}
  }

  /** How many reads the server keeps live for this client, those in their grace period included. */
  get liveReads(): number {
    return this.#reads.size
  }

  // ---- where the parts meet

  readonly #send = (request: Parameters<Connection['send']>[0]): void => {
    this.stats.sent++
    this.#connection.send(request)
  }

  async #call(event: string, data: unknown, options?: CallOptions): Promise<unknown> {
    return (await this.ask(event, data, options)).data
  }

  async #authenticate(token: string, options?: CallOptions): Promise<unknown> {
    this.#introductions++
    try {
      const reply = await this.#call('cb.auth', { token }, options)
      this.#known(reply as Record<string, unknown>)
      return reply
    } finally {
      this.#introductions--
      this.#settle()
    }
  }

  /** The first message of a connection: everything else of its frame waits for it on the server. */
  #introduce(): void {
    const { token } = this.#credentials
    const { tokenIn = 'message', subprotocol } = this.options
    if (token === null || tokenIn !== 'message' || subprotocol === null) return
    if (this.getState().transport === 'http') return // each request brings it
    this.#authenticate(token).catch(error => {
      if (error instanceof BindingError && error.code === 'unauthenticated' && this.#connection.isOpen)
        this.#connection.refuse(error)
    })
  }

  /** A new connection knows nothing of the old one's language. */
  #speak(): void {
    if (this.#locale) this.#call('cb.locale', this.#locale).catch(() => undefined)
  }

  #known({ user, expires_in }: Record<string, unknown>): void {
    this.#isNow(user)
    if (this.#credentials.token !== null) this.#credentials.accepted(expires_in)
  }

  #isNow(user: unknown = null): void {
    this.#speaker = user
    this.#settle()
  }

  /** It is settled who this is, unless another one is on its way. */
  #settle(): void {
    const user = this.#speaker
    if (user === undefined || !this.isKnown) return
    this.#whoever = user
    this.#connection.update({ user })
    this.#calls.known(user)
  }

  #opened(): void {
    this.#speaker = undefined
    this.#limits = {}
    this.#introduce()
    this.#speak()
    this.#streams.opened()
    this.#reads.opened()
    this.#calls.opened()
    if (this.#isBack) this.#permissions.emit()
    this.#isBack = true
  }

  #lost(): void {
    this.#credentials.stop()
    this.#reads.lost()
    this.#calls.lost()
  }

  /** Nothing that is asked for will be answered. */
  #end(error: BindingError): void {
    this.#credentials.stop()
    this.#calls.refuse(error)
    this.#reads.refuse(error)
  }

  #refused(error: BindingError, code: number): void {
    this.#isBack = true
    this.#end(error)
    if (isRefusal(code)) this.options.onUnauthorized?.(code as 4401 | 4403)
  }

  /**
   * What is shown changes once for all that a frame holds, and pushes come after it. So do replies: whoever waits for one is called
   * when the frame is done.
   */
  #receive(messages: readonly Message[]): void {
    this.stats.received += messages.length
    const pushes: Message[] = []
    this.#reads.during(() => {
      for (const message of messages) {
        if (message.id !== undefined) this.#calls.settle(message)
        else if (message.event.startsWith('cb.') && !message.error) this.#system(message)
        else if (!this.#reads.receive(message)) pushes.push(message)
      }
    })
    if (messages.some(isForbidden)) this.#permissions.emit()
    for (const push of pushes) this.#push(push)
  }

  #system({ event, data: said }: Message): void {
    const data = (said ?? {}) as Record<string, unknown>
    if (event === 'cb.hello') {
      this.#limits = (data.limits ?? {}) as ServerLimits
      this.#known(data)
    } else if (event === 'cb.ping') this.#send({ event: 'cb.pong', data: { n: data.n } })
    else if (event === 'cb.user') {
      this.#isNow(data.user)
      this.#permissions.emit()
    } else if (event === 'cb.pong') this.#connection.pong(data.n)
    else if (event === 'cb.goaway') this.#connection.goAway(Number(data.after_ms) || 0, data.reconnect !== false)
  }

  #push(message: Message): void {
    if (message.error) return this.#errors.emit(BindingError.from(message.error), message.event)
    const { stream, action } = parseEvent(message.event)
    if (action === 'delete') this.#reads.deleted(stream, (message.data as { id?: unknown } | undefined)?.id)
    this.#streams.push(message.event, message.data)
  }
}
