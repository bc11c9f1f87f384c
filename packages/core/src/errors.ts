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

/**
 * What the client finds out by itself, and may pass. The status of anything else the server says (protocol §5), or whoever makes the error: a
 * page that shows lists has no need of the whole table, which `ERROR_CODES` of `@channels-binding/core/testing` is.
 */
const OWN: ReadonlyMap<string, number> = new Map([
  ['unavailable', 503],
  ['timeout', 504],
])

/** One thing that is wrong with one field. */
export interface FieldError {
  readonly code: string
  readonly message: string
}

/**
 * What is wrong, by field name; `__all__` holds what belongs to no single field.
 * Under the name of a formset stands an object instead, which `formsetErrors` of `@channels-binding/core/forms` reads.
 */
export type FieldErrors = Readonly<Record<string, readonly FieldError[]>>

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
  /** The HTTP status that says the same. @default 500, but of `unavailable` and `timeout` */
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
    const { retry_after: retryAfterSeconds = null, v: version = null } = details
    const { status = OWN.get(code) ?? 500, retry = OWN.has(code) } = details
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
