import { useRef, useSyncExternalStore } from 'react'
import type { ConnectionState } from '../index.js'
import { useChannels } from './context.js'

const ON_SERVER: ConnectionState = {
  status: 'idle',
  transport: null,
  latencyMs: null,
  attempts: 0,
  hasEverConnected: false,
  nextRetryAt: null,
  lastError: null,
  user: null,
}

const ALL = Object.keys(ON_SERVER) as (keyof ConnectionState)[]

/** The connection's state, and what can be done about it. */
export interface UseConnectionResult extends ConnectionState {
  readonly isConnected: boolean
  readonly connect: () => void
  readonly reconnect: () => void
  readonly close: () => void
}

/**
 * The state of the connection: `status`, `latencyMs`, `attempts`, `user`, … What is not read re-renders nobody.
 *
 * @param server the name of a client, for one that has a name
 */
export function useConnection(server = ''): UseConnectionResult {
  const { client } = useChannels(server)
  const read = useRef(new Set<keyof ConnectionState>())
  const last = useRef(client.getState())
  const getSnapshot = (): ConnectionState => {
    const now = client.getState()
    const names = read.current.size ? [...read.current] : ALL
    if (names.some(name => now[name] !== last.current[name])) last.current = now
    return last.current
  }
  const state = useSyncExternalStore(client.onState, getSnapshot, () => ON_SERVER)
  const member = (name: keyof ConnectionState): PropertyDescriptor => ({
    enumerable: true,
    get: () => {
      read.current.add(name)
      return state[name]
    },
  })
  const members = Object.fromEntries(ALL.map(name => [name, member(name)]))
  return Object.defineProperties(
    {
      get isConnected() {
        read.current.add('status')
        return state.status === 'open'
      },
      connect: () => client.connect(),
      reconnect: () => client.reconnect(),
      close: () => client.close(),
    },
    members,
  ) as UseConnectionResult
}
