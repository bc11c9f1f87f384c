'use client'

export {
  type Entrance,
  type PresenceMember,
  type PresenceMeta,
  PresenceRoom,
  type PresenceState,
  type PresenceTab,
  type PresenceUser,
} from './room.js'
export { type UsePresenceResult, usePresence, usePresenceOf } from './usePresence.js'
