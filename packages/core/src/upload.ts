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

/** Submits a form with files: `POST {apiUrl}<stream>/form/` or `…/<id>/form/`, with Django's CSRF token. */
export async function upload(
  stream: string,
  id: string | number | null,
  body: FormData,
  options: UploadOptions,
  signal?: AbortSignal,
): Promise<unknown> {
  const path = id === null ? `${stream}/form/` : `${stream}/${encodeURIComponent(id)}/form/`
  const token = csrfToken()
  const headers = { Accept: 'application/json', ...(token && { 'X-CSRFToken': token }) }
  const init = { method: 'POST', body, headers, credentials: 'same-origin' as const, ...(signal && { signal }) }
  const response = await options.fetch(options.apiUrl + path, init).catch(unreachable)
  const reply: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw BindingError.from(reply ?? { code: 'internal', message: response.statusText })
  return reply
}

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
