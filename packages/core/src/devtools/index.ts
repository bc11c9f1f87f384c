'use client'

export {
  type ConnectionChange,
  DevtoolsLog,
  type LoggedMessage,
  type LoggedRead,
  type LogOptions,
  type LogState,
  lineOf,
  logTo,
  type Why,
} from './log.js'
export { ChannelsDevtools, type ChannelsDevtoolsProps } from './panel.js'
