export { type Seen, seen } from './seen.js'
export type { Conflict, PendingWrite, WriteAction, WriteStore, WritesOptions } from './write.js'
export { conflictOf, newKey } from './write.js'
export { type WriteInput, Writes } from './writes.js'
