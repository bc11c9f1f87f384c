import {
  hashKey,
  keepPreviousData,
  type UseQueryResult,
  type UseSuspenseQueryResult,
  useQuery,
  useSuspenseQuery,
} from '@tanstack/react-query'
import type { BindingError, BindingName, ListPage, ListParams, Row, SearchPage, SearchParams } from '../index.js'
import { extend } from './extend.js'
import { type LiveExtras, liveExtras, type ReadOptions, useIsLive, useReadQuery } from './queries.js'

/** Options of `useSearch`. */
export interface UseSearchOptions extends ReadOptions {
  /** Shows the old rows until the new ones are there. @default true */
  readonly keepPrevious?: boolean
}

/** What the hooks of lists add to TanStack Query's result. */
export interface RowsExtras<R> extends LiveExtras {
  /** The rows; an empty array until there are any, always the same one. */
  readonly rows: readonly R[]
  /** How many rows there are on all pages. */
  readonly count: number
}

/** What `useSearch` returns. */
export type UseSearchResult<N extends BindingName> = UseQueryResult<SearchPage<Row<N>>, BindingError> &
  RowsExtras<Row<N>>
/** What `useList` returns. */
export type UseListResult<N extends BindingName> = UseQueryResult<ListPage<Row<N>>, BindingError> & RowsExtras<Row<N>>
/** What `useSuspenseSearch` returns. */
export type UseSuspenseSearchResult<N extends BindingName> = UseSuspenseQueryResult<SearchPage<Row<N>>, BindingError> &
  RowsExtras<Row<N>>

const MEMBER = { enumerable: true, configurable: true }
const NO_ROWS: readonly never[] = Object.freeze([])

interface Page<R> {
  readonly rows: readonly R[]
  readonly count: number
}

interface PageResult<R> {
  readonly data: Page<R> | undefined
  readonly error: BindingError | null
  readonly isFetching: boolean
  readonly refetch: () => Promise<unknown>
}

function withRows<T extends PageResult<R>, R>(result: T, isLive: boolean): T & RowsExtras<R> {
  const extras = Object.defineProperties(liveExtras(result, isLive), {
    rows: { ...MEMBER, get: () => result.data?.rows ?? NO_ROWS },
    count: { ...MEMBER, get: () => result.data?.count ?? 0 },
  }) as RowsExtras<R>
  return extend(result, extras)
}

function usePages<P extends Page<unknown>>(
  name: BindingName,
  action: string,
  params: object,
  { enabled = true, live = true, keepPrevious = true }: UseSearchOptions,
): UseQueryResult<P, BindingError> & RowsExtras<P['rows'][number]> {
  const query = useReadQuery(name, action, params, live)
  const isLive = useIsLive(hashKey(query.queryKey))
  const previous = keepPrevious ? { placeholderData: keepPreviousData } : {}
  const result = useQuery({ ...query, enabled, ...previous }) as UseQueryResult<P, BindingError>
  return withRows<typeof result, P['rows'][number]>(result, isLive)
}

/** One page of a stream, live: rows, count and order stay what the server would answer now. */
export function useSearch<N extends BindingName>(
  name: N,
  params: SearchParams<N> = {},
  options: UseSearchOptions = {},
): UseSearchResult<N> {
  return usePages<SearchPage<Row<N>>>(name, 'search', params, options)
}

/** Every row of a stream, live. */
export function useList<N extends BindingName>(
  name: N,
  params: ListParams<N> = {},
  options: UseSearchOptions = {},
): UseListResult<N> {
  return usePages<ListPage<Row<N>>>(name, 'list', params, options)
}

/** As `useSearch`, but suspends until the first answer and throws errors to the nearest boundary. */
export function useSuspenseSearch<N extends BindingName>(
  name: N,
  params: SearchParams<N> = {},
): UseSuspenseSearchResult<N> {
  const query = useReadQuery(name, 'search', params, true)
  const isLive = useIsLive(hashKey(query.queryKey))
  const result = useSuspenseQuery(query) as UseSuspenseQueryResult<SearchPage<Row<N>>, BindingError>
  return withRows<typeof result, Row<N>>(result, isLive)
}
