import { BindingError, type ErrorCode } from './errors.js'

/** Whether it is known that this user is not wanted, on whatever way. */
export const isRefusal = (code: number): boolean => code === 4401 || code === 4403

/** Whether the server does not want the connection, and would not on another way either (protocol §4). */
export const isFinal = (code: number): boolean => code >= 4400 && code < 4500

type Meaning = readonly [code: ErrorCode, status: number, text?: string]

/** What a close code means; the server says in its reason what was too large, or too many. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  4401: ['unauthenticated', 401, 'The server does not know who this is'],
  4403: ['forbidden', 403, 'The server refuses this user'],
  4413: ['too_large', 413],
  4429: ['limit_exceeded', 429],
}

/** What a connection ended with, as an error. */
export function errorOfClose(code: number, reason: string, wasOpen: boolean): BindingError {
  const lost = `The connection ${wasOpen ? 'was lost' : 'could not be opened'}`
  const other: Meaning = isFinal(code) ? ['bad_request', 400] : ['unavailable', 503, lost]
  const [meaning, status, text = `The server ended the connection with ${code}`] = MEANINGS[code] ?? other
  return new BindingError(meaning, reason ? `${text} (${reason}).` : `${text}.`, { status })
}
