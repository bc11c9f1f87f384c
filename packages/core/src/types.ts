// The types that a page can name, from where each of them belongs.
export type * from './answers.js'
export type * from './bindings.js'
export type * from './description.js'
export type * from './forms.js'
export type { ConnectionState, ConnectionStatus, LiveState, LiveStatus } from './states.js'
export type * from './wire.js'
