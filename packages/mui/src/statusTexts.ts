import type { ConnectionStatus as Status } from '@channels-binding/core'

/** What `ConnectionStatus` says. */
export type StatusTexts = Readonly<Record<Status | 'reconnect', string>>

export const STATUS_TEXTS: StatusTexts = {
  idle: 'Not connected',
  connecting: 'Connecting…',
  open: 'Live',
  reconnecting: 'Reconnecting…',
  unauthorized: 'Signed out',
  closed: 'Disconnected',
  reconnect: 'Reconnect',
}
