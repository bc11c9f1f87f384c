import { ERROR_CODES } from '../errorCodes.js'
import type { ErrorCode, WireError } from '../errors.js'
import { csrfToken } from '../files.js'
import { canonical, parseEvent, READS } from '../names.js'
import type { Transport, TransportHandlers } from '../transport.js'
import type { Message, Request } from '../types.js'
import { errorOf, type Route, replyOf, routeOf } from './exchange.js'
import { Feed, type FeedContext } from './feed.js'
import { SCHEMES } from './schemes.js'

/** How the HTTP twin of the socket is found. */
export interface HttpOptions {
  /** Finds out who this is, before each attempt. */
  readonly ready: () => Promise<unknown>
  /** Where it is; ends with a slash. */
  readonly url: () => string
  readonly fetch: typeof fetch
  readonly credentials: RequestCredentials
  /** The token that says who this is; `null` for a cookie. Asked for each request. */
  readonly token: () => string | null
  /** The word before the token, if it is none of the usual ones. */
  readonly tokenScheme: string | undefined
  readonly handlers: TransportHandlers
  /** Time in milliseconds between two questions of a read, where nothing can be streamed. */
  readonly pollMs: number
}

/** Answers that do not end: browsers open six connections to a host, and calls need some of them. */
const MOST_STREAMS = 4

/** Time in milliseconds until the first message of a stream. */
const PATIENCE_MS = 3_000

/** How long the reply to a write waits for the changes that it makes to what is shown, in milliseconds; as on the server. */
const OWN_CHANGES_MS = 250

const NO_WRITES = new Set([...READS, 'describe', 'form'])

/**
 * Carries messages by HTTP: each call is a request, each live read a stream of events, or questions where streams are held back.
 * Knows addresses and headers; knows nothing of what a message means, nor when to give up.
 */
export class HttpTransport implements Transport {
  readonly carrier = 'http' as const
  readonly #options: HttpOptions
  readonly #feeds = new Map<string, Feed>()
  #life = new AbortController()
  #isOpen = false
  #csrf: string | null = null
  /** Who the server has said this is, as text. */
  #user = ''
  #scheme: string | undefined
  #token: string | null | undefined
  #language: string | undefined
  #streams = 0
  #isBuffered = false

  constructor(options: HttpOptions) {
    this.#options = options
    this.#scheme = options.tokenScheme
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  open(): void {
    this.close()
    this.#token = undefined
    this.#isBuffered = false
    void this.#open(this.#life.signal)
  }

  send(request: Request): void {
    if (!this.#isOpen) return
    this.#options.handlers.frame({ direction: 'out', text: JSON.stringify(request) })
    const { event, data } = request
    const { stream, action, hash } = parseEvent(event)
    if (event === 'cb.auth') void this.#authenticate(request)
    else if (event === 'cb.locale') this.#speak(request)
    else if (stream === 'cb' && event !== 'cb.batch') return
    else if (action === 'unsubscribe' && hash !== null) this.#end(request, stream, hash)
    else if (action === 'subscribe' || action === 'unsubscribe')
      this.#refuse(request, 'Events are pushed to sockets alone.')
    else if (READS.has(action) && (data as { live?: boolean } | undefined)?.live !== false) this.#feed(request)
    else void this.#call(request)
  }

  drop(reason: string): void {
    this.#lost(reason)
  }

  close(): void {
    this.retire()
    this.#life.abort()
    this.#life = new AbortController()
  }

  /** Somebody else carries from now on: the calls that are under way end here. */
  retire(): void {
    this.#isOpen = false
    for (const feed of this.#feeds.values()) feed.stop()
    this.#feeds.clear()
  }

  // ---- who this is

  async #open(signal: AbortSignal): Promise<void> {
    const { handlers } = this.#options
    let said: Response
    try {
      await this.#options.ready()
      said = await this.#hello()
    } catch (error) {
      if (!signal.aborted) handlers.closed(1006, String(error), false)
      return
    }
    const body: unknown = await said.json().catch(() => undefined)
    if (signal.aborted) return
    if (!isHello(body)) return handlers.closed(codeOf(said.status), errorOf(said, body).message, false)
    this.#isOpen = true
    this.#greeted(body)
    handlers.opened()
    this.#received({ event: 'cb.hello', data: body })
  }

  /** Asks who this is, with each word before the token that there is until one is known. */
  async #hello(): Promise<Response> {
    const route: Route = { method: 'GET', path: 'hello/', headers: {} }
    const { tokenScheme } = this.#options
    let response = await this.#fetch(route)
    for (const scheme of tokenScheme === undefined ? SCHEMES : []) {
      if (response.status !== 401 || this.#tokenNow() === null) break
      this.#scheme = scheme
      response = await this.#fetch(route)
    }
    return response
  }

  async #authenticate(request: Request): Promise<void> {
    const before = this.#token
    this.#token = (request.data as { token: string }).token
    try {
      const said = await this.#hello()
      const reply = await replyOf(request, said)
      if (reply.error) this.#token = before
      else {
        this.#greeted(reply.data as Hello)
        for (const feed of this.#feeds.values()) void feed.refresh()
      }
      this.#received({ ...reply, ...(!reply.error && { data: { success: true, ...(reply.data as object) } }) })
    } catch (error) {
      this.#lost(String(error))
    }
  }

  /** Whether the server still knows who this is, and as the same. */
  async #check(): Promise<void> {
    const { signal } = this.#life
    const response = await this.#hello().catch(() => null)
    const body: unknown = await response?.json().catch(() => undefined)
    if (signal.aborted || !this.#isOpen || !response) return
    if (isHello(body)) return this.#changed(body)
    const code = codeOf(response.status)
    if (code === 1006) return
    const { message } = errorOf(response, body)
    this.close()
    this.#options.handlers.closed(code, message, true)
  }

  /** What it says of who this is: the token for CSRF is theirs, so that what is called for them is made for nobody else. */
  #greeted({ csrf, user }: Hello): void {
    this.#csrf = csrf ?? null
    this.#user = canonical(user ?? null)
  }

  /** Somebody else may have signed in, in another tab. */
  #changed(hello: Hello): void {
    const before = this.#user
    this.#greeted(hello)
    if (this.#user === before) return
    this.#received({ event: 'cb.user', data: { user: hello.user } })
    for (const feed of this.#feeds.values()) void feed.refresh()
  }

  #tokenNow(): string | null {
    return this.#token === undefined ? this.#options.token() : this.#token
  }

  // ---- calls

  async #call(request: Request): Promise<void> {
    const { signal } = this.#life
    let response: Response
    try {
      response = await this.#fetch(routeOf(request), signal)
    } catch (error) {
      if (!signal.aborted) this.#failed(request, String(error))
      return
    }
    const reply = await replyOf(request, response)
    const { stream, action } = parseEvent(request.event)
    if (!NO_WRITES.has(action)) await this.#changesOf(stream)
    if (!signal.aborted) this.#received(reply)
    if (response.status === 401 || response.status === 403) void this.#check()
  }

  /** The reply to a write comes after the changes that it makes to what is shown, as on a socket. */
  async #changesOf(stream: string): Promise<void> {
    const feeds = [...this.#feeds].filter(([event]) => parseEvent(event).stream === stream).map(([, feed]) => feed)
    if (!feeds.length) return
    const isAsked = this.#isBuffered || this.#feeds.size > MOST_STREAMS
    const changes = Promise.all(feeds.map(feed => (isAsked ? feed.refresh() : feed.next())))
    const time = new Promise(resolve => setTimeout(resolve, OWN_CHANGES_MS))
    await (isAsked ? changes : Promise.race([changes, time]))
  }

  #failed(request: Request, reason: string): void {
    if (this.#isOpen) this.#lost(reason)
    else this.#answer(request, { error: wireOf('unavailable', 'The server cannot be reached.') })
  }

  /** Language is asked for with each request; there is no header for a time zone. */
  #speak(request: Request): void {
    const { language, timezone } = request.data as { language?: string; timezone?: string }
    this.#language = language ?? this.#language
    for (const feed of this.#feeds.values()) void feed.refresh()
    if (timezone !== undefined) this.#refuse(request, "Over HTTP the time zone is the project's.")
    else this.#answer(request, { data: { success: true, language: this.#language } })
  }

  // ---- live reads

  #feed(request: Request): void {
    this.#feeds.get(request.event)?.stop()
    const feed = new Feed(request, this.#feedContext())
    this.#feeds.set(request.event, feed)
    void feed.run()
  }

  #end(request: Request, stream: string, hash: string): void {
    for (const [event, feed] of this.#feeds) {
      const parts = parseEvent(event)
      if (parts.stream !== stream || parts.hash !== hash) continue
      feed.stop()
      this.#feeds.delete(event)
    }
    this.#answer(request, { data: { success: true } })
  }

  #feedContext(): FeedContext {
    return {
      ask: (request, headers, signal) => this.#fetch(liveRoute(request, headers), signal),
      received: message => {
        if (message.error?.code === 'unauthenticated') void this.#check()
        this.#received(message)
      },
      lost: () => this.#lost('The server cannot be reached.'),
      claim: () => this.#claim(),
      release: () => {
        this.#streams--
      },
      buffered: () => {
        this.#isBuffered = true
      },
      patienceMs: PATIENCE_MS,
      pollMs: this.#options.pollMs,
    }
  }

  #claim(): boolean {
    if (this.#isBuffered || this.#streams >= MOST_STREAMS) return false
    this.#streams++
    return true
  }

  // ---- the wire

  async #fetch({ method, path, body, headers }: Route, signal: AbortSignal = this.#life.signal): Promise<Response> {
    const token = this.#tokenNow()
    const csrf = this.#csrf ?? csrfToken()
    return this.#options.fetch(this.#options.url() + path, {
      method,
      signal,
      credentials: this.#options.credentials,
      headers: {
        Accept: 'application/json',
        ...(method === 'POST' && { 'Content-Type': 'application/json', ...(csrf && { 'X-CSRFToken': csrf }) }),
        ...(token !== null && { Authorization: `${this.#scheme ?? SCHEMES[0]} ${token}` }),
        ...(this.#language && { 'Accept-Language': this.#language }),
        ...headers,
      },
      ...(method === 'POST' && { body: JSON.stringify(body) }),
    })
  }

  #lost(reason: string): void {
    const wasOpen = this.#isOpen
    this.close()
    this.#options.handlers.closed(1006, reason, wasOpen)
  }

  #refuse(request: Request, message: string): void {
    this.#answer(request, { error: wireOf('method_not_allowed', message) })
  }

  #answer({ event, id }: Request, answer: Pick<Message, 'data' | 'error'>): void {
    this.#received({ event, ...(id !== undefined && { id }), ...answer })
  }

  #received(message: Message): void {
    this.#options.handlers.frame({ direction: 'in', text: JSON.stringify(message) })
    this.#options.handlers.received([message])
  }
}

const liveRoute = (request: Request, headers: Readonly<Record<string, string>>): Route => {
  const { stream, action } = parseEvent(request.event)
  return { method: 'POST', path: `${stream}/${action}/`, body: request.data ?? {}, headers }
}

/** The close code that says on a socket what a status says here. */
function codeOf(status: number): number {
  if (status === 401) return 4401
  return status === 403 ? 4403 : 1006
}

const wireOf = (code: ErrorCode, message: string): WireError => ({ code, message, ...ERROR_CODES[code] })

interface Hello {
  readonly user?: unknown
  readonly csrf?: string
}

const isHello = (body: unknown): body is Hello =>
  typeof body === 'object' && body !== null && (body as { proto?: unknown }).proto === 'cb.1'
