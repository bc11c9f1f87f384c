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

const STATUS: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  conflict: 409,
  gone: 410,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media_type: 415,
  throttled: 429,
  limit_exceeded: 429,
  internal: 500,
  unavailable: 503,
  timeout: 504,
}

/** What may succeed later. */
const PASSING: readonly string[] = ['throttled', 'unavailable', 'timeout'] satisfies readonly ErrorCode[]

/** Each code with its HTTP status and whether trying again may help; equal to `spec/errors.json`, and a test holds them equal. */
export const ERROR_CODES = Object.fromEntries(
  Object.entries(STATUS).map(([code, status]) => [code, { status, retry: PASSING.includes(code) }]),
) as Readonly<Record<ErrorCode, { readonly status: number; readonly retry: boolean }>>

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

/** The one error that calls reject with and reads hold: `{code, status, message, fields, retry}`. */
export class BindingError extends Error {
  /** One of `ErrorCode`, or one of a newer server. */
  declare readonly code: ErrorCode | (string & {})
  /** The HTTP status that says the same. */
  declare readonly status: number
  /** Whether the same request may succeed later. */
  declare readonly retry: boolean
  /** What is wrong with which field, where the server said so. */
  declare readonly fields: FieldErrors | null
  /** The reference under which the server's log knows this error. */
  declare readonly ref: string | null
  /** Seconds to wait before trying again, where the server said so. */
  declare readonly retryAfterSeconds: number | null
  /** The limit that was exceeded, where the server said so. */
  declare readonly limit: unknown
  /** `precondition_failed`: the row as it is now, where the caller may read it. */
  declare readonly current: Readonly<Record<string, unknown>> | null
  /** `precondition_failed`: the version of `current`. */
  declare readonly version: string | null
  /** Of several rows written at once: the key of the one that was refused. */
  declare readonly of: number | string | null
  /** Of an atomic batch: the place of the operation that was refused. */
  declare readonly op: number | null

  constructor(code: ErrorCode | (string & {}), message: string, details: Partial<WireError> = {}) {
    super(message)
    const known = ERROR_CODES[code as ErrorCode]
    const { retry_after: retryAfterSeconds = null, v: version = null } = details
    const { status = known?.status ?? 500, retry = known?.retry ?? false } = details
    const { fields = null, ref = null, limit = null, current = null, of = null, op = null } = details
    const facts = { code, status, retry, fields, ref, retryAfterSeconds, limit, current, version, of, op }
    Object.assign(this, facts, { name: 'BindingError' })
  }

  /** Reads an error off the wire; whatever is not one becomes `internal`. */
  static from(wire: unknown): BindingError {
    if (wire instanceof BindingError) return wire
    const error = (typeof wire === 'object' && wire !== null ? wire : {}) as Partial<WireError>
    const code = typeof error.code === 'string' ? error.code : 'internal'
    return new BindingError(code, typeof error.message === 'string' ? error.message : code, error)
  }
}
