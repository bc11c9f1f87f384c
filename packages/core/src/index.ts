export type * from './answers.js'
export type { BackoffOptions } from './backoff.js'
export type * from './bindings.js'
export type { CallOptions } from './calls.js'
export { ChannelsClient } from './client.js'
export { registerConsumer } from './consumers.js'
export type { TokenSource } from './credentials.js'
export type * from './description.js'
export {
  BindingError,
  type ErrorCode,
  type FieldError,
  type FieldErrors,
  type WireError,
} from './errors.js'
export type * from './forms.js'
export type { HeartbeatOptions } from './monitor.js'
export { canonical, type EventParts, eventName, parseEvent } from './names.js'
export type {
  BatchAnswer,
  BatchOperation,
  BatchResult,
  ClientOptions,
  ClientStats,
  LiveObserver,
  Locale,
  OneShot,
  ServerLimits,
} from './options.js'
export type { ReadSpec, Shown } from './read.js'
export type { LiveHandle, NotifyBatch } from './reads.js'
export { getConsumer } from './registered.js'
export type { SocketConstructor, SocketEvent, SocketLike } from './socket.js'
export type { ConnectionState, ConnectionStatus, LiveState, LiveStatus } from './states.js'
export type { Frame } from './transport.js'
export type { FileToken, FormTarget } from './upload.js'
export type { Window } from './window.js'
export type * from './wire.js'
