import { hashKey, type QueryFunctionContext, type QueryKey } from '@tanstack/react-query'
import { useMemo, useSyncExternalStore } from 'react'
import { type BindingError, type BindingName, type CallOptions, canonical, eventName } from '../index.js'
import { LiveBridge, type LiveMeta, type LiveMode } from './bridge.js'
import { type Channels, useChannelsOf } from './context.js'
import { type Held, NOTHING_HELD } from './held.js'
import { joined } from './joined.js'
import { bareOf, partsOf } from './named.js'

/** Options of the hooks that read. */
export interface ReadOptions {
  /** `false` waits. @default true */
  readonly enabled?: boolean
  /**
   * `true` shows changes as they happen, `'notify'` holds them back and tells how many there are (`held`) until `show()`,
   * `'refetch'` asks again when there are any, `false` reads once. @default true
   */
  readonly live?: LiveMode | false
}

/** What every reading hook adds to TanStack Query's result. */
export interface LiveExtras {
  /** Whether changes arrive right now. */
  readonly isLive: boolean
  /** Whether the row was deleted, or may no longer be seen. */
  readonly isGone: boolean
  /** What is held back, with `live: 'notify'`. */
  readonly held: Held
  /** Shows what is held back. */
  readonly show: () => void
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

/** The keys of queries: `keys.of('shop.Product')` begins those of a stream, for `invalidateQueries` and its like. */
export const keys = {
  /** Of all queries of this package. */
  all: ['channels'],
  /** Of all of a stream. */
  of: (name: string): QueryKey => ['channels', name],
  /** Of a call, or of a read that is made once. */
  call: (name: string, action: string, data: unknown): QueryKey => ['channels', name, action, data],
  /** Of a read that stays live. */
  live: (name: string, action: string, params: unknown, mode: LiveMode = true): QueryKey => [
    ...keys.call(name, action, params),
    mode === true ? 'live' : mode,
  ],
} as const

/** Whose queries; without a bridge it is that of the cache which asks. */
export type Source = Pick<Channels, 'client'> & Partial<Pick<Channels, 'bridge'>>

/** The options of a query that asks once. Equal ones that are under way are one: StrictMode's second mount joins the first. */
export function callQuery({ client }: Source, name: string, action: string, data: unknown): BaseQuery {
  const queryKey = keys.call(name, action, data)
  const call = client.call.bind(client) as (event: string, data: unknown, options: CallOptions) => Promise<unknown>
  return {
    ...SHARED,
    queryKey,
    queryFn: ({ signal }) =>
      joined(client, hashKey(queryKey), signal, ending =>
        call(eventName(bareOf(name), action), data, { signal: ending }),
      ),
  }
}

interface Read {
  readonly action: string
  readonly params: unknown
  readonly mode?: LiveMode
}

/** The options of a query that stays live. */
export function liveQuery({ client, bridge }: Source, name: string, read: Read): BaseQuery {
  const [stream, server] = partsOf(name)
  const meta: LiveMeta = { stream, ...(server && { server }), ...read }
  return {
    ...SHARED,
    queryKey: keys.live(name, meta.action, meta.params, meta.mode),
    queryFn: context => (bridge ?? LiveBridge.of(client, context.client, server)).fetch(context),
    meta: { channels: meta },
  }
}

/** The options of a reading query, the same object until the parameters change in value. */
export function useReadQuery(name: BindingName, action: string, params: object, live: LiveMode | false): BaseQuery {
  const channels = useChannelsOf(name)
  const key = canonical(params)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the value of `params`
  return useMemo(() => readQuery(channels, name, action, params, live), [channels, name, action, key, live])
}

/** The options of a reading query. */
export function readQuery(
  source: Source,
  name: string,
  action: string,
  params: object,
  live: LiveMode | false,
): BaseQuery {
  if (live === false) return callQuery(source, name, action, { ...params, live: false })
  return liveQuery(source, name, { action, params, ...(live !== true && { mode: live }) })
}

/** Whether a query is live right now, and what is held back of it. */
export function useLiveness(name: string, queryHash: string): Liveness {
  const { bridge } = useChannelsOf(name)
  const isLive = useSyncExternalStore(
    bridge.onLive,
    () => bridge.isLive(queryHash),
    () => false,
  )
  const held = useSyncExternalStore(
    bridge.onLive,
    () => bridge.held(queryHash),
    () => NOTHING_HELD,
  )
  return { isLive, held, show: () => bridge.show(queryHash) }
}

/** What `useLiveness` tells. */
export type Liveness = Pick<LiveExtras, 'isLive' | 'held' | 'show'>

interface Result {
  readonly error: BindingError | null
  readonly isFetching: boolean
  readonly refetch: () => Promise<unknown>
}

/** The members that every reading hook adds; getters, so that only what is read is tracked. */
export function liveExtras(result: Result, liveness: Liveness): LiveExtras {
  return {
    ...liveness,
    get isGone() {
      return result.error?.code === 'gone'
    },
    get fetching() {
      return result.isFetching
    },
    refresh: () => result.refetch(),
  }
}
