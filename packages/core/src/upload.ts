import type { CallOptions } from './calls.js'
import { BindingError } from './errors.js'
import { csrfToken, holdsFile, rowsOf, type Values } from './files.js'
import { apiUrlOf, fetchOf } from './http/address.js'
import type { ClientOptions } from './options.js'

/** How one upload is made. */
type UploadCall = Pick<CallOptions, 'signal' | 'ifVersion' | 'onProgress'>

/**
 * Values as Django's forms read them from multipart data: `null` for a file is its "clear" checkbox, and rows of formsets
 * are named as Django names them, `chapters-0-cover`. In `files` the file field of a formset is `'chapters.cover'`.
 */
export function formDataOf(values: Values, files: readonly string[], formsets: readonly string[] = []): FormData {
  const data = new FormData()
  for (const [name, value] of Object.entries(values)) {
    if (formsets.includes(name)) appendRows(data, name, rowsOf(value), files)
    else append(data, name, value, files.includes(name))
  }
  return data
}

function appendRows(data: FormData, name: string, rows: readonly Values[], files: readonly string[]): void {
  for (const [number, row] of rows.entries())
    for (const [field, value] of Object.entries(row))
      append(data, `${name}-${number}-${field}`, value, files.includes(`${name}.${field}`))
}

function append(data: FormData, name: string, value: unknown, isFileField: boolean): void {
  if (isFileField && value === null) data.append(`${name}-clear`, 'on')
  else if (!isFileField || holdsFile(value)) for (const part of partsOf(value)) data.append(name, part)
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
  options: ClientOptions,
  call: UploadCall = {},
): Promise<unknown> {
  const path = id === null ? `${stream}/form/` : `${stream}/${encodeURIComponent(id)}/form/`
  return post(path, body, options, call)
}

/** Keeps a file on the server: `POST {apiUrl}upload/`. */
export async function keep(file: Blob, options: ClientOptions, signal?: AbortSignal): Promise<FileToken> {
  const body = new FormData()
  body.append('file', file)
  const { token } = (await post('upload/', body, options, { signal })) as { token: string }
  return { $file: token }
}

async function post(path: string, body: FormData, options: ClientOptions, call: UploadCall): Promise<unknown> {
  const token = csrfToken()
  const { signal, ifVersion, onProgress } = call
  const headers = {
    Accept: 'application/json',
    ...(token && { 'X-CSRFToken': token }),
    ...(ifVersion !== undefined && { 'If-Match': `"${ifVersion}"` }),
  }
  const init = { method: 'POST', body, headers, credentials: 'same-origin' as const, ...(signal && { signal }) }
  const url = apiUrlOf(options) + path
  const isTold = onProgress && !options.fetch && typeof XMLHttpRequest !== 'undefined'
  const response = await (isTold ? send(url, init, onProgress) : fetchOf(options)(url, init)).catch(unreachable)
  const reply: unknown = await response.json().catch(() => undefined)
  if (!response.ok && !isFormReply(reply)) {
    throw BindingError.from(reply ?? { code: 'internal', message: response.statusText })
  }
  return reply
}

interface Post {
  readonly body: FormData
  readonly headers: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** As `fetch`, which does not tell how much it has sent. */
function send(url: string, { body, headers, signal }: Post, onProgress: (sent: number) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0)
    request.onload = () =>
      resolve(new Response(request.responseText, { status: request.status, statusText: request.statusText }))
    request.onerror = () => reject(new TypeError('The server cannot be reached.'))
    const abort = (): void => {
      request.abort()
      reject(signal?.reason)
    }
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort)
    request.onloadend = () => signal?.removeEventListener('abort', abort)
    request.send(body)
  })
}

/** A form that does not validate is an ordinary reply, which HTTP marks with 400. */
const isFormReply = (reply: unknown): boolean => typeof reply === 'object' && reply !== null && 'success' in reply

function partsOf(value: unknown): (string | Blob)[] {
  if (Array.isArray(value)) return value.length ? value.flatMap(partsOf) : ['']
  if (value === undefined) return []
  if (value === null) return ['']
  if (value instanceof Blob) return [value]
  return [typeof value === 'object' ? JSON.stringify(value) : String(value)]
}

function unreachable(error: unknown): never {
  if (error instanceof DOMException && error.name === 'AbortError') throw error
  throw new BindingError('unavailable', 'The server cannot be reached.')
}
