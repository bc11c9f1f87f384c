import type { ErrorCode } from './errors.js'

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
