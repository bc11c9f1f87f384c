import { ERROR_CODES } from '../errorCodes.js'
import type { ErrorCode, WireError } from '../errors.js'
import { parseEvent } from '../names.js'
import type { Message, Request } from '../types.js'

/** One request by HTTP. */
export interface Route {
  readonly method: 'GET' | 'POST'
  /** Behind the address of the API: `'desk.Ticket/close/'`. */
  readonly path: string
  readonly body?: unknown
  readonly headers: Readonly<Record<string, string>>
}

type Data = Readonly<Record<string, unknown>>

/** The actions that answer with the row itself over HTTP, and on a socket with `success` beside it. */
const ANSWERED_WITH_ROW = new Set(['create', 'update', 'save', 'replace'])

/** What a status says where the body does not: a proxy has answered. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  429: 'throttled',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
}

/** Where a message goes: `{event: 'desk.Ticket.close', data: {id: 7}}` → `POST desk.Ticket/close/`. */
export function routeOf({ event, data, key, if: version }: Request): Route {
  const { stream, action } = parseEvent(event)
  const headers = { ...(key && { 'Idempotency-Key': key }), ...(version && { 'If-Match': `"${version}"` }) }
  if (event === 'cb.batch') return { method: 'POST', path: 'batch/', body: data, headers }
  if (action !== 'form') return { method: 'POST', path: `${stream}/${action}/`, body: data ?? {}, headers }
  const { id, submit } = (data ?? {}) as { id?: string | number; submit?: unknown }
  const path = id === undefined ? `${stream}/form/` : `${stream}/${encodeURIComponent(id)}/form/`
  return submit === undefined ? { method: 'GET', path, headers } : { method: 'POST', path, body: submit, headers }
}

/** The reply that a socket would have brought. */
export async function replyOf({ event, id }: Request, response: Response): Promise<Message> {
  const body: unknown = await response.json().catch(() => undefined)
  const about = { event, ...(id !== undefined && { id }) }
  if (!response.ok && !isFormReply(body)) return { ...about, error: errorOf(response, body) }
  const v = response.headers.get('ETag')?.replace(/^W\/|"/g, '')
  const isRow = ANSWERED_WITH_ROW.has(parseEvent(event).action)
  return { ...about, ...(isRow && v && { v }), data: isRow ? { success: true, ...(body as Data) } : body }
}

/** The error of a response, in the server's words if they are its. */
export function errorOf({ status, statusText }: Response, body: unknown): WireError {
  const { code } = (body ?? {}) as { code?: unknown }
  if (typeof code === 'string') return body as WireError
  const known = CODES[status] ?? 'internal'
  const message = statusText || `The server has answered ${status}.`
  return { code: known, message, status, retry: ERROR_CODES[known].retry }
}

/** A form that does not validate is an ordinary reply, which HTTP marks with 400. */
const isFormReply = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'fields' in body && 'success' in body
