import {
  hashKey,
  keepPreviousData,
  type UseQueryResult,
  type UseSuspenseQueryResult,
  useQuery,
  useSuspenseQuery,
} from '@tanstack/react-query'
import type {
  BindingError,
  BindingName,
  Counting,
  ExpandPath,
  ListPage,
  ListParams,
  PageOf,
  Row,
  RowWith,
  SearchPage,
  SearchParams,
} from '../index.js'
import { extend, NONE } from './extend.js'
import { type LiveExtras, type Liveness, liveExtras, type ReadOptions, useLiveness, useReadQuery } from './queries.js'

/** Options of `useSearch`. */
export interface UseSearchOptions extends ReadOptions {
  /** Shows the old rows until the new ones are there. @default true */
  readonly keepPrevious?: boolean
}

/** What the hooks of lists add to TanStack Query's result. */
export interface RowsExtras<R> extends LiveExtras {
  /** The rows; an empty array until there are any, always the same one. */
  readonly rows: readonly R[]
  /** How many rows there are on all pages; 0 where nobody has counted. */
  readonly count: number
}

/** What `useSearch` returns. */
export type UseSearchResult<
  N extends BindingName,
  C extends Counting = true,
  E extends readonly string[] = readonly [],
> = UseQueryResult<PageOf<RowWith<N, E>, C>, BindingError> & RowsExtras<RowWith<N, E>>
/** What `useList` returns. */
export type UseListResult<N extends BindingName, E extends readonly string[] = readonly []> = UseQueryResult<
  ListPage<RowWith<N, E>>,
  BindingError
> &
  RowsExtras<RowWith<N, E>>
/** What `useSuspenseSearch` returns. */
export type UseSuspenseSearchResult<
  N extends BindingName,
  C extends Counting = true,
  E extends readonly string[] = readonly [],
> = UseSuspenseQueryResult<PageOf<RowWith<N, E>, C>, BindingError> & RowsExtras<RowWith<N, E>>

const MEMBER = { enumerable: true, configurable: true }

interface Page<R> {
  readonly rows: readonly R[]
  readonly count?: number
}

interface PageResult<R> {
  readonly data: Page<R> | undefined
  readonly error: BindingError | null
  readonly isFetching: boolean
  readonly refetch: () => Promise<unknown>
}

/** The result with its rows and their number beside it. */
export function withRows<T extends PageResult<R>, R>(result: T, liveness: Liveness): T & RowsExtras<R> {
  const extras = Object.defineProperties(liveExtras(result, liveness), {
    rows: { ...MEMBER, get: () => result.data?.rows ?? NONE },
    count: { ...MEMBER, get: () => result.data?.count ?? 0 },
  }) as RowsExtras<R>
  return extend(result, extras)
}

/** A read that answers rows; the old ones are shown until the new ones are there. */
export function usePages<P extends Page<unknown>>(
  name: BindingName,
  action: string,
  params: object,
  { enabled = true, live = true, keepPrevious = true }: UseSearchOptions,
): UseQueryResult<P, BindingError> & RowsExtras<P['rows'][number]> {
  const query = useReadQuery(name, action, params, live)
  const liveness = useLiveness(name, hashKey(query.queryKey))
  const previous = keepPrevious ? { placeholderData: keepPreviousData } : {}
  const result = useQuery({ ...query, enabled, ...previous }) as UseQueryResult<P, BindingError>
  return withRows<typeof result, P['rows'][number]>(result, liveness)
}

/** One page of a stream, live: rows, count and order stay what the server would answer now. */
export function useSearch<
  N extends BindingName,
  const C extends Counting = true,
  const E extends readonly ExpandPath<N>[] = readonly [],
>(name: N, params: SearchParams<N, C, E> = {}, options: UseSearchOptions = {}): UseSearchResult<N, C, E> {
  return usePages<PageOf<RowWith<N, E>, C>>(name, 'search', params, options) as UseSearchResult<N, C, E>
}

/** Every row of a stream, live. */
export function useList<N extends BindingName, const E extends readonly ExpandPath<N>[] = readonly []>(
  name: N,
  params: ListParams<N, E> = {},
  options: UseSearchOptions = {},
): UseListResult<N, E> {
  return usePages<ListPage<RowWith<N, E>>>(name, 'list', params, options)
}

/** As `useSearch`, but suspends until the first answer and throws errors to the nearest boundary. */
export function useSuspenseSearch<
  N extends BindingName,
  const C extends Counting = true,
  const E extends readonly ExpandPath<N>[] = readonly [],
>(name: N, params: SearchParams<N, C, E> = {}): UseSuspenseSearchResult<N, C, E> {
  const query = useReadQuery(name, 'search', params, true)
  const liveness = useLiveness(name, hashKey(query.queryKey))
  const result = useSuspenseQuery(query) as UseSuspenseQueryResult<SearchPage<Row<N>>, BindingError>
  return withRows<typeof result, Row<N>>(result, liveness) as unknown as UseSuspenseSearchResult<N, C, E>
}
