import { BindingError, type ErrorCode } from './errors.js'

/** Whether it is known that this user is not wanted, on whatever way. */
export const isRefusal = (code: number): boolean => code === 4401 || code === 4403

/** Whether the server does not want the connection, and would not on another way either (protocol §4). */
export const isFinal = (code: number): boolean => code >= 4400 && code < 4500

const MEANINGS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  4401: ['unauthenticated', 'The server does not know who this is'],
  4403: ['forbidden', 'The server refuses this user'],
  4413: ['too_large', 'A message was too large'],
  4429: ['limit_exceeded', 'Too many messages or connections'],
}

/** What a connection ended with, as an error. */
export function errorOfClose(code: number, reason: string, wasOpen: boolean): BindingError {
  const lost = wasOpen ? 'The connection was lost' : 'The connection could not be opened'
  const [meaning, text] =
    MEANINGS[code] ??
    (isFinal(code) ? ['bad_request', `The server ended the connection: ${code}`] : ['unavailable', lost])
  return new BindingError(meaning, reason ? `${text} (${reason}).` : `${text}.`)
}
