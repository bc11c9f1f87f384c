import type { WireError } from './errors.js'

/** How a live message is meant. */
export type LiveType = 'snapshot' | 'diff' | 'same' | 'delta' | 'gone'

/** What a returning client already shows. */
export interface Have {
  readonly v: string
  readonly rows?: readonly (readonly [pk: string | number, etag: string])[]
}

/** A message to the server (protocol §1). */
export interface Request {
  readonly event: string
  readonly id?: number
  readonly data?: unknown
  readonly key?: string
  readonly if?: string
  readonly have?: Have
}

/** A message from the server (protocol §1). */
export interface Message {
  readonly event: string
  readonly id?: number | string
  readonly type?: LiveType
  readonly data?: unknown
  readonly error?: WireError
  readonly v?: string
  readonly from?: string
  readonly etags?: readonly string[]
}
