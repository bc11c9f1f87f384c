export type { BackoffOptions } from './backoff.js'
export type { CallOptions } from './calls.js'
export { ChannelsClient } from './client.js'
export { getConsumer, registerConsumer } from './consumers.js'
export type { TokenSource } from './credentials.js'
export {
  BindingError,
  ERROR_CODES,
  type ErrorCode,
  type FieldError,
  type FieldErrors,
  type FormsetErrors,
  formsetErrors,
  type WireError,
} from './errors.js'
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
export type { Seen } from './read.js'
export type { LiveHandle, NotifyBatch } from './reads.js'
export type { SocketConstructor, SocketEvent, SocketLike } from './socket.js'
export type { Frame } from './transport.js'
export type * from './types.js'
export type { FileToken } from './upload.js'
