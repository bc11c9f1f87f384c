import { QueryClient, QueryClientContext, QueryClientProvider } from '@tanstack/react-query'
import { createContext, createElement, type JSX, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import type { ChannelsClient } from '../index.js'
import { getConsumer } from '../registered.js'
import { LiveBridge } from './bridge.js'
import { serverOf } from './named.js'

/** What the hooks work with. */
export interface Channels {
  readonly client: ChannelsClient
  readonly bridge: LiveBridge
  readonly queryClient: QueryClient
}

/** Clients by name: `{ back1 }`, for names that begin with `'back1:'`. */
export type NamedClients = Readonly<Record<string, ChannelsClient>>

/** Props of `ChannelsProvider`. */
export interface ChannelsProviderProps {
  /** Made outside React, so that it outlives every render. */
  readonly client: ChannelsClient
  /**
   * Those of other servers, by name: `useSearch('back1:app.Model')` asks `back1`. Names that are not here are those of surrounding
   * providers, and of `registerConsumer`.
   */
  readonly clients?: NamedClients
  /** @default the one of a surrounding `QueryClientProvider`, or a new one; inside a provider of another client, always a new one */
  readonly queryClient?: QueryClient
  readonly children?: ReactNode
}

interface Provided extends Channels {
  readonly clients: ReadonlyMap<string, ChannelsClient>
  /** Those of the client with this name. */
  readonly of: (server: string) => Channels
}

const ChannelsContext = createContext<Provided | null>(null)

/** Gives a client to the hooks below, and those of other servers by name. */
export function ChannelsProvider(props: ChannelsProviderProps): JSX.Element {
  const { client, clients, queryClient, children } = props
  const above = useContext(ChannelsContext)
  const surrounding = useContext(QueryClientContext)
  const [own] = useState(() => new QueryClient())
  const isOfOther = above !== null && above.client !== client && above.queryClient === surrounding
  const cache = queryClient ?? (isOfOther ? own : (surrounding ?? own))
  const value = useMemo(
    () => provided(client, cache, new Map([...(above?.clients ?? []), ...Object.entries(clients ?? {})])),
    [client, cache, above, clients],
  )
  const { bridge } = value
  useEffect(() => bridge.retain(), [bridge])
  const inner = createElement(ChannelsContext.Provider, { value }, children)
  return createElement(QueryClientProvider, { client: cache }, inner)
}

function provided(main: ChannelsClient, queryClient: QueryClient, clients: Provided['clients']): Provided {
  const of = (server: string): Channels => {
    const client = server === '' ? main : (clients.get(server) ?? getConsumer(server))
    return { client, queryClient, bridge: LiveBridge.of(client, queryClient, server) }
  }
  return { ...of(''), clients, of }
}

function useProvided(): Provided {
  const channels = useContext(ChannelsContext)
  if (!channels) throw new Error('No ChannelsClient set, use ChannelsProvider to set one.')
  return channels
}

/**
 * The client, and the cache that its reads live in; with a name, that of another server.
 *
 * @param server the name of a client, as `ChannelsProvider` or `registerConsumer` knows it
 */
export function useChannels(server = ''): Channels {
  const main = useProvided()
  const channels = useMemo(() => (server === '' ? main : main.of(server)), [main, server])
  const { bridge } = channels
  useEffect(() => (server === '' ? undefined : bridge.retain()), [bridge, server])
  return channels
}

/** What a stream or an event is asked of: `'back1:app.Model'` → the client `back1`. */
export const useChannelsOf = (name: string): Channels => useChannels(serverOf(name))

/** The name of a client that a room's name begins with; `''` where it is the name of a stream, which rooms have in front of theirs. */
export function useServerOfRoom(room: string): string {
  const { clients } = useProvided()
  const server = serverOf(room)
  return clients.has(server) ? server : ''
}
