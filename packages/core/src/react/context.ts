import { QueryClient, QueryClientContext, QueryClientProvider } from '@tanstack/react-query'
import { createContext, createElement, type JSX, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import type { ChannelsClient } from '../index.js'
import { LiveBridge } from './bridge.js'

/** What the hooks work with. */
export interface Channels {
  readonly client: ChannelsClient
  readonly bridge: LiveBridge
  readonly queryClient: QueryClient
}

/** Props of `ChannelsProvider`. */
export interface ChannelsProviderProps {
  /** Made outside React, so that it outlives every render. */
  readonly client: ChannelsClient
  /** @default the one of a surrounding `QueryClientProvider`, or a new one */
  readonly queryClient?: QueryClient
  readonly children?: ReactNode
}

const ChannelsContext = createContext<Channels | null>(null)

/** Gives a client to the hooks below. */
export function ChannelsProvider({ client, queryClient, children }: ChannelsProviderProps): JSX.Element {
  const surrounding = useContext(QueryClientContext)
  const [own] = useState(() => new QueryClient())
  const cache = queryClient ?? surrounding ?? own
  const bridge = LiveBridge.of(client, cache)
  useEffect(() => bridge.retain(), [bridge])
  const value = useMemo(() => ({ client, bridge, queryClient: cache }), [client, bridge, cache])
  const inner = createElement(ChannelsContext.Provider, { value }, children)
  return createElement(QueryClientProvider, { client: cache }, inner)
}

/** The client, and the cache that its reads live in. */
export function useChannels(): Channels {
  const channels = useContext(ChannelsContext)
  if (!channels) throw new Error('No ChannelsClient set, use ChannelsProvider to set one.')
  return channels
}
