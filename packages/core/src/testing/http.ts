import { BindingError, type WireError } from '../errors.js'
import { eventName, parseEvent, READS } from '../names.js'
import { messagesOf } from '../transport.js'
import type { Message, Request } from '../types.js'
import type { Bends } from './bends.js'
import { type FakeConnection, wireOf } from './connection.js'
import type { Peer } from './socket.js'

/** What the HTTP twin needs of its server. */
export interface HttpHost {
  readonly bends: Bends
  /** Whom a token belongs to, or a cookie; `undefined` for nobody. */
  userOf(token: string | null): unknown
  /** One request's conversation, for as long as it lasts. */
  converse(peer: Peer): FakeConnection
}

/** What was asked for. */
interface Asked {
  readonly path: string
  readonly headers: Headers
  readonly body: unknown
  readonly signal: AbortSignal | null
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })

const refused = (error: WireError): Response => json(error, error.status ?? 500)

/** A `fetch` that ends in the server, within this process. */
export function fetchOf(host: HttpHost): typeof fetch {
  return async (input, init = {}) => {
    const path = String(input).replace(/^.*?\/api\//, '')
    const asked: Asked = {
      path,
      headers: new Headers(init.headers),
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
      signal: init.signal ?? null,
    }
    if (host.bends.unreachable > 0) {
      host.bends.unreachable--
      throw new TypeError('Failed to fetch')
    }
    asked.signal?.throwIfAborted()
    return respond(host, asked)
  }
}

function respond(host: HttpHost, asked: Asked): Promise<Response> | Response {
  const token = asked.headers.get('Authorization')?.split(' ')[1] ?? null
  const user = host.bends.signedOut ? undefined : host.userOf(token)
  if (user === undefined) return refused(wireOf(new BindingError('unauthenticated', 'Sign in first.')))
  if (asked.path === 'hello/') return json({ proto: 'cb.1', user, csrf: 'token' })
  const request = requestOf(asked)
  return asked.headers.get('Accept') === 'text/event-stream' ? listen(host, asked, request) : call(host, request)
}

/** `POST desk.Ticket/close/` → `{event: 'desk.Ticket.close', …}`. */
function requestOf({ path, headers, body }: Asked): Request {
  const key = headers.get('Idempotency-Key')
  const version = headers.get('If-Match')?.replaceAll('"', '')
  const beside = { id: 1, ...(key && { key }), ...(version && { if: version }) }
  const [stream = '', name = '', form] = path.replace(/\/$/, '').split('/')
  if (stream === 'batch') return { event: 'cb.batch', data: body, ...beside }
  const id = form ? { id: /^\d+$/.test(name) ? Number(name) : name } : {}
  const submit = body === undefined ? {} : { submit: body }
  if (form || name === 'form') return { event: eventName(stream, 'form'), data: { ...id, ...submit }, ...beside }
  return { event: eventName(stream, name), data: body, ...beside }
}

/** One question and its reply. */
function call(host: HttpHost, request: Request): Promise<Response> {
  return new Promise(resolve => {
    const connection = host.converse({
      send: text => {
        const reply = messagesOf(text).find(message => message.id === request.id)
        if (!reply) return
        connection.closed()
        if (reply.error) return resolve(refused(reply.error))
        resolve(json(reply.data, 200, reply.v ? { ETag: `"${reply.v}"` } : {}))
      },
      close: () => resolve(refused(wireOf(new BindingError('unavailable', 'The server has gone.')))),
    })
    const isRead = READS.has(parseEvent(request.event).action)
    const data = isRead ? { ...(request.data as object), live: false } : request.data
    connection.receive(JSON.stringify({ ...request, data }))
  })
}

/** A live read, each of its messages an event. */
function listen(host: HttpHost, { headers, signal }: Asked, request: Request): Promise<Response> {
  const isOnce = headers.get('Prefer') === 'wait=0'
  const v = headers.get('Last-Event-ID')
  return new Promise(resolve => {
    let response: ReadableStreamDefaultController<Uint8Array> | null = null
    const end = (): void => {
      connection.closed()
      response?.close()
      response = null
    }
    const body = new ReadableStream<Uint8Array>({
      start: controller => {
        response = controller
      },
      cancel: () => {
        response = null
        connection.closed()
      },
    })
    let collected = ''
    const answer = new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
    const put = ({ id: _id, ...message }: Message): void => {
      const text = `${message.v ? `id: ${message.v}\n` : ''}data: ${JSON.stringify(message)}\n\n`
      collected += text
      if (!isOnce && host.bends.buffered) return
      response?.enqueue(new TextEncoder().encode(collected))
      collected = ''
    }
    const connection = host.converse({
      send: text => {
        for (const message of messagesOf(text)) {
          if (message.id !== undefined && message.error) return resolve(refused(message.error))
          if (message.event === request.event) put(message)
          if (isOnce || message.error) end()
        }
        resolve(answer)
      },
      close: end,
    })
    signal?.addEventListener('abort', () => {
      connection.closed()
      response?.error(signal.reason)
      response = null
    })
    connection.receive(JSON.stringify({ ...request, ...(v && { have: { v } }) }))
  })
}
