import { useSyncExternalStore } from 'react'
import { type PendingWrite, Writes } from '../writes/index.js'
import { useChannels } from './context.js'
import { NONE } from './extend.js'

/** The writes that the server has not confirmed yet, and what can be done about them. */
export interface UsePendingResult {
  /** In the order in which they were made. */
  readonly writes: readonly PendingWrite[]
  readonly count: number
  /** Sends a refused one again; one that was in conflict takes the place of what others have written. */
  readonly retry: (key: string) => void
  /** Gives one up that is not on its way. */
  readonly drop: (key: string) => void
}

/**
 * What waits to be written: made without a connection, on its way, or refused after it had waited.
 *
 * @param server the name of a client, for one that has a name
 */
export function usePending(server = ''): UsePendingResult {
  const pending = Writes.of(useChannels(server).client)
  const writes = useSyncExternalStore(pending.subscribe, pending.getSnapshot, () => NONE)
  return {
    writes,
    count: writes.length,
    retry: key => pending.retry(key),
    drop: key => pending.drop(key),
  }
}
