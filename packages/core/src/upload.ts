import type { CallOptions } from './calls.js'
import { BindingError } from './errors.js'
import { csrfToken, holdsFile, rowsOf, type Values } from './files.js'
import { apiUrlOf, fetchOf } from './http/address.js'
import { errorOf } from './http/exchange.js'
import { SCHEMES } from './http/schemes.js'
import { canonical } from './names.js'
import type { ClientOptions } from './options.js'

/** How the client that uploads finds its server. */
export interface Uploader extends ClientOptions {
  /** Who it is; `undefined` until the server has said so. */
  readonly whoever?: () => unknown
}

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

/** Which form is submitted, and which of its values are not plain ones. */
export interface FormTarget<Id = string | number> {
  /** The row to change; a new one without. */
  readonly id?: Id | null | undefined
  /** Names of file fields, `'lines.photo'` in a formset. */
  readonly files?: readonly string[]
  /** Names of formsets. */
  readonly formsets?: readonly string[]
}

/** Submits a form with files: `POST {apiUrl}<stream>/form/` or `…/<id>/form/`. */
export async function submit<R>(
  stream: string,
  values: Values,
  { id = null, files = [], formsets = [] }: FormTarget,
  options: Uploader,
  call: UploadCall = {},
): Promise<R> {
  const path = id === null ? `${stream}/form/` : `${stream}/${encodeURIComponent(id)}/form/`
  return (await post(path, formDataOf(values, files, formsets), options, call)) as R
}

/** Keeps a file on the server: `POST {apiUrl}upload/`. */
export async function keep(file: Blob, options: Uploader, signal?: AbortSignal): Promise<FileToken> {
  const body = new FormData()
  body.append('file', file)
  const { token } = (await post('upload/', body, options, { signal })) as { token: string }
  return { $file: token }
}

async function post(path: string, body: FormData, options: Uploader, call: UploadCall): Promise<unknown> {
  const { signal, ifVersion, onProgress } = call
  const { credentials = 'same-origin', token } = options
  const url = apiUrlOf(options) + path
  const isTold = onProgress && !options.fetch && typeof XMLHttpRequest !== 'undefined'
  const bearer = typeof token === 'function' ? await token() : (token ?? null)
  const pass = await passOf(bearer, options, signal)
  const version = ifVersion !== undefined && { 'If-Match': `"${ifVersion}"` }
  const headers = { Accept: 'application/json', ...pass, ...version }
  const init = { method: 'POST', body, headers, credentials, ...(signal && { signal }) }
  const response = await (isTold ? send(url, init, onProgress) : fetchOf(options)(url, init)).catch(unreachable)
  const reply: unknown = await response.json().catch(() => undefined)
  if (!response.ok && !isFormReply(reply)) {
    throw BindingError.from(errorOf(response, reply))
  }
  return reply
}

/** Headers that let an upload in: the token that says who this is, or Django's CSRF token beside the session's cookie. */
type Pass = Readonly<Record<string, string>>

const csrfOf = (csrf: string | null): Pass => (csrf ? { 'X-CSRFToken': csrf } : {})

/**
 * What the server's hello takes and says: it is the same user still, and a token for CSRF that is good for them alone (protocol §4.1). The
 * cookie's own may be of somebody who has signed in since, in another tab; it counts where there is no hello.
 */
async function passOf(bearer: string | null, options: Uploader, signal: AbortSignal | undefined): Promise<Pass> {
  const { credentials = 'same-origin', tokenScheme, whoever } = options
  const ofPage = bearer === null && credentials !== 'include' ? csrfToken() : null
  const passes: Pass[] =
    bearer === null
      ? [{}]
      : (tokenScheme === undefined ? SCHEMES : [tokenScheme]).map(word => ({ Authorization: `${word} ${bearer}` }))
  for (const pass of passes) {
    const init = { headers: { Accept: 'application/json', ...pass }, credentials, ...(signal && { signal }) }
    const response = await fetchOf(options)(`${apiUrlOf(options)}hello/`, init).catch(unreachable)
    const said = (await response.json().catch(() => undefined)) as { user?: unknown; csrf?: string } | undefined
    if (!response.ok) continue
    if (isOther(said?.user, whoever?.()))
      throw new BindingError('unauthenticated', 'Somebody else is signed in now.', { status: 401 })
    return { ...pass, ...csrfOf(said?.csrf ?? ofPage) }
  }
  return { ...passes[0], ...csrfOf(ofPage) } // the upload itself says what is wrong
}

/** Whether the server takes the page for another than it is. */
const isOther = (user: unknown, known: unknown): boolean =>
  user !== undefined && known !== undefined && canonical(user) !== canonical(known)

interface Post {
  readonly body: FormData
  readonly headers: Readonly<Record<string, string>>
  readonly credentials: RequestCredentials
  readonly signal?: AbortSignal
}

/** As `fetch`, which does not tell how much it has sent. */
function send(
  url: string,
  { body, headers, credentials, signal }: Post,
  onProgress: (sent: number) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    request.withCredentials = credentials === 'include'
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
