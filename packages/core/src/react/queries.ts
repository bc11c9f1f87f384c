import type { QueryFunctionContext, QueryKey } from '@tanstack/react-query'
import { useMemo, useSyncExternalStore } from 'react'
import { type BindingError, type BindingName, canonical, eventName } from '../index.js'
import type { LiveMeta } from './bridge.js'
import { type Channels, useChannels } from './context.js'

/** Options of the hooks that read. */
export interface ReadOptions {
  /** `false` waits. @default true */
  readonly enabled?: boolean
  /** `false` reads once. @default true */
  readonly live?: boolean
}

/** What every reading hook adds to TanStack Query's result. */
export interface LiveExtras {
  /** Whether changes arrive right now. */
  readonly isLive: boolean
  /** Whether the row was deleted, or may no longer be seen. */
  readonly isGone: boolean
  /** Alias of `isFetching`. */
  readonly fetching: boolean
  /** Alias of `refetch`. */
  readonly refresh: () => Promise<unknown>
}

/** The part of a query's options that is the same for every read. */
export interface BaseQuery {
  readonly queryKey: QueryKey
  readonly queryFn: (context: QueryFunctionContext<QueryKey>) => Promise<unknown>
  readonly meta?: Record<string, unknown>
  readonly staleTime: number
  readonly retry: false
  readonly structuralSharing: false
  readonly networkMode: 'always'
  readonly refetchOnWindowFocus: false
  readonly refetchOnReconnect: false
}

/** What holds for all: the client retries, shares structure and knows the network; TanStack Query need not. */
const SHARED = {
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
  structuralSharing: false,
  networkMode: 'always',
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
} as const

/** The options of a query that asks once. It ignores the abort signal, so that StrictMode's second mount joins the first call. */
export function callQuery(channels: Channels, name: string, action: string, data: unknown): BaseQuery {
  const call = channels.client.call.bind(channels.client) as (event: string, data: unknown) => Promise<unknown>
  return {
    ...SHARED,
    queryKey: ['channels', name, action, data],
    queryFn: () => call(eventName(name, action), data),
  }
}

/** The options of a query that stays live. */
export function liveQuery(channels: Channels, meta: LiveMeta): BaseQuery {
  const { stream, action, params } = meta
  return {
    ...SHARED,
    queryKey: ['channels', stream, action, params, 'live'],
    queryFn: channels.bridge.fetch,
    meta: { channels: meta },
  }
}

/** The options of a reading query, the same object until the parameters change in value. */
export function useReadQuery(name: BindingName, action: string, params: object, live: boolean): BaseQuery {
  const channels = useChannels()
  const key = canonical(params)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the value of `params`
  return useMemo(
    () =>
      live
        ? liveQuery(channels, { stream: name, action, params })
        : callQuery(channels, name, action, { ...params, live: false }),
    [channels, name, action, key, live],
  )
}

/** Whether a query is live right now. */
export function useIsLive(queryHash: string): boolean {
  const { bridge } = useChannels()
  return useSyncExternalStore(
    bridge.onLive,
    () => bridge.isLive(queryHash),
    () => false,
  )
}

interface Result {
  readonly error: BindingError | null
  readonly isFetching: boolean
  readonly refetch: () => Promise<unknown>
}

/** The members that every reading hook adds; getters, so that only what is read is tracked. */
export function liveExtras(result: Result, isLive: boolean): LiveExtras {
  return {
    isLive,
    get isGone() {
      return result.error?.code === 'gone'
    },
    get fetching() {
      return result.isFetching
    },
    refresh: () => result.refetch(),
  }
}
