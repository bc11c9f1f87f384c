import { useSyncExternalStore } from 'react'
import { type PendingWrite, Writes } from '../writes/index.js'
import { useChannels } from './context.js'

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

const NONE: readonly PendingWrite[] = Object.freeze([])

/** What waits to be written: made without a connection, on its way, or refused after it had waited. */
export function usePending(): UsePendingResult {
  const pending = Writes.of(useChannels().client)
  const writes = useSyncExternalStore(pending.subscribe, pending.getSnapshot, () => NONE)
  return {
    writes,
    count: writes.length,
    retry: key => pending.retry(key),
    drop: key => pending.drop(key),
  }
}
