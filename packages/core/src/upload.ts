import { BindingError } from './errors.js'

/** How an upload reaches the server. */
export interface UploadOptions {
  readonly apiUrl: string
  readonly fetch: typeof fetch
}

type Values = Readonly<Record<string, unknown>>

/** Whether the values hold a file, in a row beside the form too, so that they must travel by HTTP. */
export function hasFile(values: Values): boolean {
  return Object.values(values).some(value => holdsFile(value) || rowsOf(value).some(hasFile))
}

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

const rowsOf = (value: unknown): readonly Values[] =>
  Array.isArray(value) ? value.filter(each => typeof each === 'object' && each !== null && !isFile(each)) : []

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
