/** What can go wrong, as a code. */
export type ErrorCode =
  | 'bad_request'
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'not_acceptable'
  | 'conflict'
  | 'gone'
  | 'precondition_failed'
  | 'too_large'
  | 'unsupported_media_type'
  | 'throttled'
  | 'limit_exceeded'
  | 'internal'
  | 'unavailable'
  | 'timeout'

/** Each code with its HTTP status and whether trying again may help; equal to `spec/errors.json`, and a test holds them equal. */
export const ERROR_CODES: Readonly<Record<ErrorCode, { readonly status: number; readonly retry: boolean }>> = {
  bad_request: { status: 400, retry: false },
  invalid: { status: 400, retry: false },
  unauthenticated: { status: 401, retry: false },
  forbidden: { status: 403, retry: false },
  not_found: { status: 404, retry: false },
  method_not_allowed: { status: 405, retry: false },
  not_acceptable: { status: 406, retry: false },
  conflict: { status: 409, retry: false },
  gone: { status: 410, retry: false },
  precondition_failed: { status: 412, retry: false },
  too_large: { status: 413, retry: false },
  unsupported_media_type: { status: 415, retry: false },
  throttled: { status: 429, retry: true },
  limit_exceeded: { status: 429, retry: false },
  internal: { status: 500, retry: false },
  unavailable: { status: 503, retry: true },
  timeout: { status: 504, retry: true },
}

/** One thing that is wrong with one field. */
export interface FieldError {
  readonly code: string
  readonly message: string
}

/**
 * What is wrong, by field name; `__all__` holds what belongs to no single field.
 * Under the name of a formset stands an object instead, which `formsetErrors` reads.
 */
export type FieldErrors = Readonly<Record<string, readonly FieldError[]>>

/** What is wrong with the rows beside a form. */
export interface FormsetErrors {
  /** With all of them together, such as that there are too many. */
  readonly own: readonly FieldError[]
  /** By the number of the row among the formset's `forms`, those that were added at the end. */
  readonly rows: ReadonlyMap<number, FieldErrors>
}

/** Reads what a reply or an error says of a formset: `{"chapters": {"1": {"title": […]}, "__all__": […]}}`. */
export function formsetErrors(errors: FieldErrors | null | undefined, name: string): FormsetErrors {
  const found: unknown = errors?.[name]
  if (Array.isArray(found)) return { own: found, rows: new Map() }
  const { __all__: own = [], ...rows } = (found ?? {}) as Record<string, unknown>
  const numbered = Object.entries(rows).map(([number, each]) => [Number(number), each as FieldErrors] as const)
  return { own: own as readonly FieldError[], rows: new Map(numbered) }
}

/** An error as it travels (protocol §5); `code` may be one that this client does not know yet. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly status?: number
  readonly retry?: boolean
  readonly fields?: FieldErrors
  readonly ref?: string
  readonly retry_after?: number
  readonly limit?: unknown
  readonly current?: Readonly<Record<string, unknown>>
  readonly v?: string
  readonly of?: number | string
  readonly op?: number
}

const isKnown = (code: string): code is ErrorCode => Object.hasOwn(ERROR_CODES, code)

/** The one error that calls reject with and reads hold: `{code, status, message, fields, retry}`. */
export class BindingError extends Error {
  /** One of `ErrorCode`, or one of a newer server. */
  readonly code: ErrorCode | (string & {})
  /** The HTTP status that says the same. */
  readonly status: number
  /** Whether the same request may succeed later. */
  readonly retry: boolean
  /** What is wrong with which field, where the server said so. */
  readonly fields: FieldErrors | null
  /** The reference under which the server's log knows this error. */
  readonly ref: string | null
  /** Seconds to wait before trying again, where the server said so. */
  readonly retryAfterSeconds: number | null
  /** The limit that was exceeded, where the server said so. */
  readonly limit: unknown
  /** `precondition_failed`: the row as it is now, where the caller may read it. */
  readonly current: Readonly<Record<string, unknown>> | null
  /** `precondition_failed`: the version of `current`. */
  readonly version: string | null
  /** Of several rows written at once: the key of the one that was refused. */
  readonly of: number | string | null
  /** Of an atomic batch: the place of the operation that was refused. */
  readonly op: number | null

  constructor(code: ErrorCode | (string & {}), message: string, details: Partial<WireError> = {}) {
    super(message)
    this.name = 'BindingError'
    const known = isKnown(code) ? ERROR_CODES[code] : { status: 500, retry: false }
    this.code = code
    this.status = details.status ?? known.status
    this.retry = details.retry ?? known.retry
    this.fields = details.fields ?? null
    this.ref = details.ref ?? null
    this.retryAfterSeconds = details.retry_after ?? null
    this.limit = details.limit ?? null
    this.current = details.current ?? null
    this.version = details.v ?? null
    this.of = details.of ?? null
    this.op = details.op ?? null
  }

  /** Reads an error off the wire; whatever is not one becomes `internal`. */
  static from(wire: unknown): BindingError {
    if (wire instanceof BindingError) return wire
    const error = (typeof wire === 'object' && wire !== null ? wire : {}) as Partial<WireError>
    const code = typeof error.code === 'string' ? error.code : 'internal'
    return new BindingError(code, typeof error.message === 'string' ? error.message : code, error)
  }
}
