import { type CallOptions, Calls } from './calls.js'
import { Connection } from './connection.js'
import { Credentials } from './credentials.js'
import { BindingError } from './errors.js'
import { Listeners } from './listeners.js'
import { eventName, parseEvent } from './names.js'
import type {
  BatchAnswer,
  BatchOperation,
  ClientOptions,
  ClientStats,
  LiveObserver,
  Locale,
  OneShot,
  ServerLimits,
} from './options.js'
import { type LiveHandle, type NotifyBatch, Reads } from './reads.js'
import { Streams } from './streams.js'
import type { Frame } from './transport.js'
import type {
  BindingName,
  ConnectionState,
  CreateInput,
  DeleteReply,
  Description,
  EventIn,
  EventName,
  EventOut,
  FieldName,
  FormReply,
  ListPage,
  ListParams,
  Message,
  Pk,
  Row,
  SaveInput,
  SaveReply,
  SearchPage,
  SearchParams,
  UpdateInput,
} from './types.js'
import { type FileToken, formDataOf, hasFile, keep, type UploadOptions, upload } from './upload.js'

/** The actions that can be read again without changing anything. */
const READS = new Set(['retrieve', 'search', 'list', 'describe'])

const isRead = (event: string, data: unknown): boolean => {
  const { action } = parseEvent(event)
  return READS.has(action) || (action === 'form' && (data as { submit?: unknown } | undefined)?.submit === undefined)
}

function defaultUrl(): string {
  const { location } = globalThis as { location?: Location }
  if (!location?.host) throw new Error('There is no page whose server could be dialled: give the option `url`.')
  const { protocol, host } = location
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/ws/`
}

/** One server, spoken to over one socket that opens on first use: calls, live reads and pushes. */
export class ChannelsClient {
  /** What happened so far; `divergences` must stay 0. */
  readonly stats: ClientStats = { divergences: 0, received: 0, sent: 0 }
  readonly #options: ClientOptions
  readonly #connection: Connection
  readonly #calls: Calls
  readonly #reads: Reads
  readonly #streams: Streams
  readonly #credentials: Credentials
  readonly #frames = new Listeners<[Frame]>()
  readonly #errors = new Listeners<[BindingError, string]>()
  #limits: ServerLimits = {}
  #lastId = 0
  #locale: Locale = {}

  constructor(options: ClientOptions = {}) {
    this.#options = options
    const subprotocol = options.subprotocol === undefined ? 'cb.1.json' : options.subprotocol
    this.#credentials = new Credentials({ token: options.token, renew: token => this.#authenticate(token) })
    this.#connection = new Connection(
      {
        url: () => this.#resolveUrl(),
        protocols: () => this.#protocols(subprotocol),
        batches: subprotocol !== null,
        WebSocket: options.WebSocket,
        backoff: options.backoff,
        heartbeat: subprotocol === null ? false : (options.heartbeat ?? {}),
        connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
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
    const shared = {
      nextId: () => ++this.#lastId,
      isOpen: () => this.#connection.isOpen,
      send: this.#send,
      refusal: () => this.#refusal(),
      timeoutMs: options.timeoutMs ?? 15_000,
    }
    this.#calls = new Calls(shared)
    this.#reads = new Reads({
      ...shared,
      graceMs: options.graceMs ?? 1_500,
      diverged: () => this.stats.divergences++,
      end: event => this.#post(event),
    })
    this.#streams = new Streams(event => this.#post(event))
  }

  // ---- the connection

  /** Connects; everything else connects by itself on first use. */
  connect(): void {
    this.#connection.connect()
  }

  /** Disconnects: calls reject with `unavailable`, live reads stop; `connect()` starts again. */
  close(): void {
    this.#connection.close()
    this.#credentials.stop()
    const error = new BindingError('unavailable', 'The client is closed.')
    this.#calls.refuse(error)
    this.#reads.refuse(error)
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
   * Says who this is without reconnecting; every live read is evaluated anew, and those that were `unauthenticated` are asked
   * for again. Later connections use this token too.
   */
  async auth(token: string, options?: CallOptions): Promise<unknown> {
    this.#credentials.offer(token)
    const reply = await this.#authenticate(token, options)
    this.#credentials.give(token)
    this.#reads.askRefused()
    return reply
  }

  // ---- calls

  /** Sends an event to its handler and resolves with the answer. Rejects with `BindingError`, or the signal's reason. */
  call<E extends EventName>(event: E, data?: EventIn<E>, options?: CallOptions): Promise<EventOut<E>> {
    return this.#call(event, data, options) as Promise<EventOut<E>>
  }

  /** Sends several operations as one; atomic ones all happen or none (it then rejects, and `error.op` says which failed). */
  batch(ops: readonly BatchOperation[], options: CallOptions & { atomic?: boolean } = {}): Promise<BatchAnswer> {
    const { atomic = true, ...others } = options
    return this.#call('cb.batch', { atomic, ops }, others) as Promise<BatchAnswer>
  }

  /** One page, once. */
  search<N extends BindingName>(
    name: N,
    params: SearchParams<N> & OneShot = {},
    options?: CallOptions,
  ): Promise<SearchPage<Row<N>>> {
    return this.#once(name, 'search', params, options)
  }

  /** Every row, once; `limit_exceeded` where there are too many. */
  list<N extends BindingName>(
    name: N,
    params: ListParams<N> & OneShot = {},
    options?: CallOptions,
  ): Promise<ListPage<Row<N>>> {
    return this.#once(name, 'list', params, options)
  }

  /** One row, once. */
  retrieve<N extends BindingName>(
    name: N,
    id: Pk<N>,
    params: { fields?: readonly FieldName<N>[] } & OneShot = {},
    options?: CallOptions,
  ): Promise<Row<N>> {
    return this.#once(name, 'retrieve', { id, ...params }, options)
  }

  /** Updates with an `id`, creates without. */
  save<N extends BindingName>(name: N, values: SaveInput<N>, options?: CallOptions): Promise<SaveReply<N>> {
    return this.#action(name, 'save', values, options)
  }

  /** Creates a row; the reply holds it. */
  create<N extends BindingName>(name: N, values: CreateInput<N>, options?: CallOptions): Promise<SaveReply<N>> {
    return this.#action(name, 'create', values, options)
  }

  /** Changes some fields of a row. */
  update<N extends BindingName>(
    name: N,
    id: Pk<N>,
    values: UpdateInput<N>,
    options?: CallOptions,
  ): Promise<SaveReply<N>> {
    return this.#action(name, 'update', { ...values, id }, options)
  }

  /** Deletes a row. */
  delete<N extends BindingName>(name: N, id: Pk<N>, options?: CallOptions): Promise<DeleteReply<N>> {
    return this.#action(name, 'delete', { id }, options)
  }

  /** The form for a new row, or for the row with this id. */
  form<N extends BindingName>(name: N, id: Pk<N> | null = null, options?: CallOptions): Promise<FormReply<Row<N>>> {
    return this.#action(name, 'form', id === null ? {} : { id }, options)
  }

  /**
   * Asks to be answered in another language or time zone, now and after each reconnect:
   * `setLocale({ language: 'de', timezone: Intl.DateTimeFormat().resolvedOptions().timeZone })`.
   * Live reads are read again in them first. Rejects with `invalid` where the server has no such language or time zone.
   */
  async setLocale(locale: Locale, options?: CallOptions): Promise<Required<Locale>> {
    const reply = (await this.#call('cb.locale', locale, options)) as Required<Locale>
    this.#locale = { ...this.#locale, ...locale }
    return { language: reply.language, timezone: reply.timezone }
  }

  /** Uploads a file, for `create`, `update` or a form to use: `create('desk.Ticket', { attachment: await client.upload(file) })`. */
  upload(file: Blob, options: CallOptions = {}): Promise<FileToken> {
    return keep(file, this.#uploads(), options.signal)
  }

  /** Submits a form. What does not validate is an ordinary reply with `success: false`. Files travel by HTTP. */
  submitForm<N extends BindingName>(
    name: N,
    values: Readonly<Record<string, unknown>>,
    target: {
      id?: Pk<N> | null | undefined
      /** Names of file fields, `'lines.photo'` in a formset. */
      files?: readonly string[]
      /** Names of formsets. */
      formsets?: readonly string[]
    } = {},
    options?: CallOptions,
  ): Promise<FormReply<Row<N>>> {
    const { id = null, files = [], formsets = [] } = target
    if (hasFile(values)) return this.#upload(name, id, formDataOf(values, files, formsets), options)
    return this.#action(name, 'form', { ...(id !== null && { id }), submit: values }, options)
  }

  /** What a user interface needs to know of a stream. */
  describe<N extends BindingName>(name: N, options?: CallOptions): Promise<Description> {
    return this.#action(name, 'describe', {}, options)
  }

  // ---- what stays

  /** Reads a page and keeps it live; equal reads share one read of the server's. */
  live<N extends BindingName>(
    name: N,
    action: 'search',
    params: SearchParams<N>,
    observer?: LiveObserver<SearchPage<Row<N>>>,
  ): LiveHandle<SearchPage<Row<N>>>
  /** Reads every row and keeps them live. */
  live<N extends BindingName>(
    name: N,
    action: 'list',
    params: ListParams<N>,
    observer?: LiveObserver<ListPage<Row<N>>>,
  ): LiveHandle<ListPage<Row<N>>>
  /** Reads a row and keeps it live. */
  live<N extends BindingName>(
    name: N,
    action: 'retrieve',
    params: { id: Pk<N>; fields?: readonly FieldName<N>[] },
    observer?: LiveObserver<Row<N>>,
  ): LiveHandle<Row<N>>
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

  /** How many reads the server keeps live for this client, those in their grace period included. */
  get liveReads(): number {
    return this.#reads.size
  }

  // ---- where the parts meet

  readonly #send = (request: Parameters<Connection['send']>[0]): void => {
    this.stats.sent++
    this.#connection.send(request)
  }

  /** Sends what needs no answer, if the connection is open; if it is not, the server has forgotten it anyway. */
  #post(event: string): void {
    if (this.#connection.isOpen) this.#calls.start(event, {}, false).catch(() => undefined)
  }

  #call(event: string, data: unknown, options?: CallOptions): Promise<unknown> {
    this.#connection.ensure()
    return this.#calls.start(event, data, isRead(event, data), options)
  }

  #action<T>(name: string, action: string, data: unknown, options?: CallOptions): Promise<T> {
    return this.#call(eventName(name, action), data, options) as Promise<T>
  }

  #once<T>(name: string, action: string, params: object, options?: CallOptions): Promise<T> {
    return this.#action(name, action, { ...params, live: false }, options)
  }

  #upload<T>(name: string, id: string | number | null, body: FormData, options: CallOptions = {}): Promise<T> {
    return upload(name, id, body, this.#uploads(), options.signal) as Promise<T>
  }

  #uploads(): UploadOptions {
    const { apiUrl = '/api/', fetch = globalThis.fetch } = this.#options
    return { apiUrl, fetch: fetch.bind(globalThis) }
  }

  #refusal(): BindingError | null {
    const { status, lastError } = this.getState()
    if (status !== 'closed' && status !== 'unauthorized') return null
    return lastError ?? new BindingError('unavailable', 'The client is closed.')
  }

  async #resolveUrl(): Promise<string> {
    await this.#credentials.resolve()
    const { url = defaultUrl } = this.#options
    return typeof url === 'function' ? url() : url
  }

  #protocols(subprotocol: string | null): string[] {
    const { token } = this.#credentials
    const bearer = token !== null && this.#options.tokenIn === 'subprotocol' ? [`bearer.${token}`] : []
    return [...(subprotocol === null ? [] : [subprotocol]), ...bearer]
  }

  async #authenticate(token: string, options?: CallOptions): Promise<unknown> {
    const reply = await this.#call('cb.auth', { token }, options)
    this.#known(reply as Record<string, unknown>)
    return reply
  }

  /** The first message of a connection: everything else of its frame waits for it on the server. */
  #introduce(): void {
    const { token } = this.#credentials
    const { tokenIn = 'message', subprotocol } = this.#options
    if (token === null || tokenIn !== 'message' || subprotocol === null) return
    this.#authenticate(token).catch(error => {
      if (error instanceof BindingError && error.code === 'unauthenticated' && this.#connection.isOpen)
        this.#connection.refuse(error)
    })
  }

  /** A new connection knows nothing of the old one's language. */
  #speak(): void {
    if (Object.keys(this.#locale).length) this.#call('cb.locale', this.#locale).catch(() => undefined)
  }

  #known(data: Record<string, unknown>): void {
    this.#connection.update({ user: data.user ?? null })
    if (this.#credentials.token !== null) this.#credentials.accepted(data.expires_in)
  }

  #opened(): void {
    this.#introduce()
    this.#speak()
    this.#streams.opened()
    this.#reads.opened()
    this.#calls.opened()
  }

  #lost(): void {
    this.#credentials.stop()
    this.#reads.lost()
    this.#calls.lost()
  }

  #refused(error: BindingError, code: number): void {
    this.#credentials.stop()
    this.#calls.refuse(error)
    this.#reads.refuse(error)
    if (code === 4401 || code === 4403) this.#options.onUnauthorized?.(code)
  }

  /** Reads first and replies after them: a reply never overtakes the changes that came before it in its frame. */
  #receive(messages: readonly Message[]): void {
    this.stats.received += messages.length
    const replies: Message[] = []
    this.#reads.during(() => {
      for (const message of messages) if (!this.#isHandled(message)) replies.push(message)
    })
    for (const message of replies) {
      if (message.id !== undefined) this.#calls.settle(message)
      else this.#push(message)
    }
  }

  #isHandled(message: Message): boolean {
    if (message.event.startsWith('cb.') && message.id === undefined) {
      this.#system(message.event, (message.data ?? {}) as Record<string, unknown>, message)
      return true
    }
    return this.#reads.receive(message)
  }

  #system(event: string, data: Record<string, unknown>, message: Message): void {
    if (event === 'cb.hello') this.#hello(data)
    else if (event === 'cb.ping') this.#send({ event: 'cb.pong', data: { n: data.n } })
    else if (event === 'cb.pong') this.#connection.pong(data.n)
    else if (event === 'cb.goaway') this.#connection.goAway(Number(data.after_ms) || 0, data.reconnect !== false)
    else if (event === 'cb.error') this.#errors.emit(BindingError.from(message.error), event)
  }

  #hello(data: Record<string, unknown>): void {
    this.#limits = (data.limits ?? {}) as ServerLimits
    if (this.#limits.frame_bytes) this.#connection.limitFrames(this.#limits.frame_bytes)
    this.#known(data)
  }

  #push(message: Message): void {
    if (message.error) return this.#errors.emit(BindingError.from(message.error), message.event)
    const { stream, action } = parseEvent(message.event)
    if (action === 'delete') this.#reads.deleted(stream, (message.data as { id?: unknown } | undefined)?.id)
    this.#streams.push(message.event, message.data)
  }
}
