import { ChannelsClient } from '@channels-binding/core'
import { QueryClient } from '@tanstack/react-query'
import { post } from './server'
import { Switchboard } from './switchboard'

/** One of two users on one page: a client with a token of its own, a cache of its own, and its sockets' switchboard. */
export interface Side {
  readonly name: 'manager' | 'agent'
  readonly sees: string
  readonly client: ChannelsClient
  readonly queryClient: QueryClient
  readonly board: Switchboard
}

function sideOf(name: Side['name'], sees: string): Side {
  const board = new Switchboard()
  const token = async (): Promise<string> => ((await post('token', { user: name })) as { token: string }).token
  const client = new ChannelsClient({
    token,
    WebSocket: board.WebSocket,
    heartbeat: { intervalMs: 3_000 },
    backoff: { maxMs: 3_000 },
  })
  return { name, sees, client, queryClient: new QueryClient(), board }
}

export const MANAGER = sideOf('manager', 'sees the tickets of all teams')
export const AGENT = sideOf('agent', 'sees the tickets of the team Support')
