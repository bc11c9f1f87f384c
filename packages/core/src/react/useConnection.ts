import { useSyncExternalStore } from 'react'
import type { ConnectionState } from '../index.js'
import { useChannels } from './context.js'

const ON_SERVER: ConnectionState = {
  status: 'idle',
  latencyMs: null,
  attempts: 0,
  hasEverConnected: false,
  nextRetryAt: null,
  lastError: null,
  user: null,
}

/** The connection's state, and what can be done about it. */
export interface UseConnectionResult extends ConnectionState {
  readonly isConnected: boolean
  readonly connect: () => void
  readonly reconnect: () => void
  readonly close: () => void
}

/** The state of the connection: `status`, `latencyMs`, `attempts`, `user`, … */
export function useConnection(): UseConnectionResult {
  const { client } = useChannels()
  const state = useSyncExternalStore(client.onState, client.getState, () => ON_SERVER)
  return {
    ...state,
    isConnected: state.status === 'open',
    connect: () => client.connect(),
    reconnect: () => client.reconnect(),
    close: () => client.close(),
  }
}
