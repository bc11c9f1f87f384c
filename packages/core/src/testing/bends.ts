import type { BindingError, WireError } from '../errors.js'
import type { Request } from '../types.js'

/** How the fake server behaves; every one can be changed while it runs. */
export interface Bends {
  /** Time in milliseconds that each frame to the client takes. @default 0 */
  delayMs: number
  /** Sends every frame twice. @default false */
  duplicate: boolean
  /** Every second frame overtakes the one before it, as no socket does. @default false */
  reorder: boolean
  /** Frames to the client that are lost from now on; counts down. @default 0 */
  drop: number
  /** Says nothing at all, as a half-open link does. @default false */
  silent: boolean
  /** Handshakes that are refused from now on; counts down. @default 0 */
  refuse: number
  /** Requests by HTTP that do not get through from now on; counts down. @default 0 */
  unreachable: number
  /** Something on the way holds streams of events back. @default false */
  buffered: boolean
  /** Nobody is signed in: a `cb.1` connection is opened and closed with 4401, another one refused. @default false */
  signedOut: boolean
  /** Diffs that get a wrong `v` from now on; counts down. @default 0 */
  wrongVersion: number
  /** Refuses a request with this error; `null` lets it through. */
  fail: ((request: Request) => WireError | BindingError | null) | null
}

/** A server that behaves. */
export const straight = (): Bends => ({
  delayMs: 0,
  duplicate: false,
  reorder: false,
  drop: 0,
  silent: false,
  refuse: 0,
  unreachable: 0,
  buffered: false,
  signedOut: false,
  wrongVersion: 0,
  fail: null,
})
