import { BindingError } from './errors.js'

/** How an upload reaches the server. */
export interface UploadOptions {
  readonly apiUrl: string
  readonly fetch: typeof fetch
}

/** Whether the values hold a file, so that they must travel by HTTP. */
export function hasFile(values: Readonly<Record<string, unknown>>): boolean {
  return Object.values(values).some(value => (Array.isArray(value) ? value.some(isFile) : isFile(value)))
}

/** Values as Django's forms read them from multipart data: `null` for a file is its "clear" checkbox. */
export function formDataOf(values: Readonly<Record<string, unknown>>, files: readonly string[]): FormData {
  const data = new FormData()
  for (const [name, value] of Object.entries(values)) {
    if (files.includes(name) && value === null) data.append(`${name}-clear`, 'on')
    else if (!files.includes(name) || holdsFile(value)) for (const part of partsOf(value)) data.append(name, part)
  }
  return data
}

/** Stands for an uploaded file in the data of a call, for the user who uploaded it and until it is used. */
export interface FileToken {
  readonly $file: string
}

/** Submits a form with files: `POST {apiUrl}<stream>/form/` or `…/<id>/form/`, with Django's CSRF token. */
export async function upload(
  stream: string,
  id: string | number | null,
  body: FormData,
  options: UploadOptions,
  signal?: AbortSignal,
): Promise<unknown> {
  const path = id === null ? `${stream}/form/` : `${stream}/${encodeURIComponent(id)}/form/`
  return post(path, body, options, signal)
}

/** Keeps a file on the server: `POST {apiUrl}upload/`. */
export async function keep(file: Blob, options: UploadOptions, signal?: AbortSignal): Promise<FileToken> {
  const body = new FormData()
  body.append('file', file)
  const { token } = (await post('upload/', body, options, signal)) as { token: string }
  return { $file: token }
}

async function post(path: string, body: FormData, options: UploadOptions, signal?: AbortSignal): Promise<unknown> {
  const token = csrfToken()
  const headers = { Accept: 'application/json', ...(token && { 'X-CSRFToken': token }) }
  const init = { method: 'POST', body, headers, credentials: 'same-origin' as const, ...(signal && { signal }) }
  const response = await options.fetch(options.apiUrl + path, init).catch(unreachable)
  const reply: unknown = await response.json().catch(() => undefined)
  if (!response.ok && !isFormReply(reply)) {
    throw BindingError.from(reply ?? { code: 'internal', message: response.statusText })
  }
  return reply
}

/** A form that does not validate is an ordinary reply, which HTTP marks with 400. */
const isFormReply = (reply: unknown): boolean => typeof reply === 'object' && reply !== null && 'success' in reply

/** Django's CSRF token from the `csrftoken` cookie. */
export function csrfToken(): string | null {
  const cookie = globalThis.document?.cookie ?? ''
  const found = /(?:^|;\s*)csrftoken=([^;]+)/.exec(cookie)
  return found?.[1] ? decodeURIComponent(found[1]) : null
}

const isFile = (value: unknown): boolean => typeof Blob !== 'undefined' && value instanceof Blob

const holdsFile = (value: unknown): boolean => (Array.isArray(value) ? value.some(isFile) : isFile(value))

function partsOf(value: unknown): (string | Blob)[] {
  if (Array.isArray(value)) return value.flatMap(partsOf)
  if (value === undefined) return []
  if (value === null) return ['']
  if (value instanceof Blob) return [value]
  return [typeof value === 'object' ? JSON.stringify(value) : String(value)]
}

function unreachable(error: unknown): never {
  if (error instanceof DOMException && error.name === 'AbortError') throw error
  throw new BindingError('unavailable', 'The server cannot be reached.')
}
