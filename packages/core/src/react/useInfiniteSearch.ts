import { hashKey, type QueryClient, type QueryKey, useIsFetching, useQueries, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import {
  type BindingError,
  type BindingName,
  type Cursor,
  canonical,
  type ExpandPath,
  type ListParams,
  type RowWith,
  type WindowPage,
} from '../index.js'
import { type Channels, useChannelsOf } from './context.js'
import { type BaseQuery, callQuery, type LiveExtras, liveQuery, type ReadOptions } from './queries.js'
import { adjusted, rowsOf, type Span, spansOf } from './windows.js'

/** What `useInfiniteSearch` takes. */
export interface InfiniteSearchParams<
  N extends BindingName = BindingName,
  E extends readonly ExpandPath<N>[] = readonly ExpandPath<N>[],
> extends ListParams<N, E> {
  /** Rows that each page begins with. @default 25 */
  readonly limit?: number
}

/** Options of `useInfiniteSearch`. */
export interface InfiniteSearchOptions extends Omit<ReadOptions, 'live'> {
  /** `false` reads once. @default true */
  readonly live?: boolean
  /**
   * Behind which place the first page begins, as `start` or `end` of an answer said it: where somebody had scrolled to, for instance.
   * What lies in front of it `fetchPreviousPage` reads. @default '', the beginning of the list
   */
  readonly initialPageParam?: Cursor
}

/** What `useInfiniteSearch` returns: the members of TanStack Query's `useInfiniteQuery` that a live list has. */
export interface UseInfiniteSearchResult<N extends BindingName, E extends readonly string[] = readonly []>
  extends Omit<LiveExtras, 'held' | 'show'> {
  readonly data: InfinitePages<N, E> | undefined
  /** The rows of all pages, each once. */
  readonly rows: readonly RowWith<N, E>[]
  readonly status: 'pending' | 'success' | 'error'
  readonly error: BindingError | null
  readonly isPending: boolean
  readonly isSuccess: boolean
  readonly isError: boolean
  readonly isFetching: boolean
  readonly hasNextPage: boolean
  readonly isFetchingNextPage: boolean
  /** Reads the next page; nothing where there is none, or one is on its way. */
  readonly fetchNextPage: () => Promise<void>
  /** Whether the first page begins behind a place in the list; only where it was asked for by `initialPageParam`. */
  readonly hasPreviousPage: boolean
  readonly isFetchingPreviousPage: boolean
  /** Reads the page in front of the first one; nothing where that begins with the list, or one is on its way. Rejects if it fails. */
  readonly fetchPreviousPage: () => Promise<void>
  readonly refetch: () => Promise<unknown>
}

/** The pages of an endless list. */
export interface InfinitePages<N extends BindingName, E extends readonly string[] = readonly []> {
  readonly pages: readonly WindowPage<RowWith<N, E>>[]
  /** Behind which place each page begins. */
  readonly pageParams: readonly Cursor[]
}

type Params = { readonly limit?: number }
type AnyPage = WindowPage<{ readonly id: string | number }>
/** Behind which place each window begins; at least one. */
type Borders = readonly Cursor[]

const BEGINNING: Borders = Object.freeze([''])
/** Rows of a window between borders, in pages, before it is parted. */
const ROOM = 2

/** One endless list: which windows it has, and how they are read. */
class Windows {
  readonly bordersKey: QueryKey
  readonly #channels: Channels
  readonly #name: string
  readonly #params: object
  readonly #limit: number
  readonly #isLive: boolean
  readonly #initial: Borders
  /** What was last shown behind each place: while a window has another border, it is shown until the answer. */
  readonly shown = new Map<Cursor, AnyPage>()

  constructor(channels: Channels, name: string, params: Params, isLive: boolean, initial: Cursor) {
    const { limit = 25, ...others } = params
    this.#channels = channels
    this.#name = name
    this.#params = others
    this.#limit = limit
    this.#isLive = isLive
    this.#initial = initial === '' ? BEGINNING : [initial]
    this.bordersKey = ['channels', name, 'search', params, isLive, 'borders', initial]
  }

  query(span: Span): BaseQuery {
    const limit = span.until === undefined ? this.#limit : ROOM * this.#limit
    const params = { ...this.#params, ...span, limit }
    return this.#isLive
      ? liveQuery(this.#channels, this.#name, { action: 'search', params })
      : callQuery(this.#channels, this.#name, 'search', { ...params, live: false })
  }

  get #queryClient(): QueryClient {
    return this.#channels.bridge.queryClient
  }

  get borders(): Borders {
    return this.#queryClient.getQueryData<Borders>(this.bordersKey) ?? this.#initial
  }

  set borders(borders: Borders) {
    this.#queryClient.setQueryData(this.bordersKey, borders)
  }

  /** Part or join windows, as what they show asks for. */
  adjust(pages: readonly (AnyPage | undefined)[]): void {
    const before = this.borders
    const borders = adjusted(before, pages)
    if (borders === before) return
    const joined = before.findIndex((border, index) => borders.length < before.length && border !== borders[index])
    const following = joined < 0 ? undefined : this.shown.get(before[joined] ?? '')
    if (following) this.shown.set(before[joined - 1] ?? '', following)
    this.borders = borders
  }

  /** Make the end of the last window a border, and read what follows it. */
  async extend(last: AnyPage | undefined): Promise<void> {
    const { borders } = this
    if (!last?.has_next || last.end === null || borders.at(-1) === last.end) return
    this.borders = [...borders, last.end]
    await this.#queryClient.prefetchQuery(this.query({ after: last.end }))
  }

  /** What tells where a page in front of the first window begins: read once, for that window is what shows it. */
  get previous(): BaseQuery {
    const params = { ...this.#params, before: this.borders[0], limit: this.#limit, live: false }
    return { ...callQuery(this.#channels, this.#name, 'search', params), staleTime: 0 }
  }

  /** Make the place a page in front of the first window the first border, and read what lies between. */
  async precede(): Promise<void> {
    const [first] = this.borders
    if (first === '') return
    const page = (await this.#queryClient.fetchQuery(this.previous)) as AnyPage
    if (this.borders[0] !== first) return
    const after = page.has_previous ? (page.start ?? '') : ''
    this.borders = [after, ...this.borders]
    await this.#queryClient.prefetchQuery(this.query({ after, until: first as Cursor }))
  }
}

function useWindowsOf(name: BindingName, params: Params, isLive: boolean, initial: Cursor): Windows {
  const channels = useChannelsOf(name)
  const key = canonical(params)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the value of `params`
  return useMemo(() => new Windows(channels, name, params, isLive, initial), [channels, name, key, isLive, initial])
}

/** The same array until one of its members is another. */
function useStable<T>(list: readonly T[]): readonly T[] {
  const last = useRef(list)
  const isSame = last.current.length === list.length && list.every((each, index) => each === last.current[index])
  if (!isSame) last.current = list
  return last.current
}

function useAreLive(name: string, hashes: readonly string[]): boolean {
  const { bridge } = useChannelsOf(name)
  return useSyncExternalStore(
    bridge.onLive,
    () => hashes.every(hash => bridge.isLive(hash)),
    () => false,
  )
}

/**
 * A list without an end, live in all of its pages: a row that enters, leaves or moves is shown once, where it belongs now.
 * The pages are windows between places in the order (`docs/howto/endless-lists.md`).
 */
export function useInfiniteSearch<N extends BindingName, const E extends readonly ExpandPath<N>[] = readonly []>(
  name: N,
  params: InfiniteSearchParams<N, E> = {},
  { enabled = true, live = true, initialPageParam = '' }: InfiniteSearchOptions = {},
): UseInfiniteSearchResult<N, E> {
  const windows = useWindowsOf(name, params, live, initialPageParam)
  const { data: borders = BEGINNING } = useQuery<Borders>({
    queryKey: windows.bordersKey,
    queryFn: () => windows.borders,
    initialData: () => windows.borders,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: false,
  })
  const isPreceding = useIsFetching({ queryKey: windows.previous.queryKey }) > 0
  const spans = spansOf(borders)
  const queries = spans.map(span => windows.query(span))
  const results = useQueries({
    queries: queries.map((query, index) => ({
      ...query,
      enabled,
      placeholderData: () => windows.shown.get(spans[index]?.after ?? ''),
    })),
  })
  const isLive = useAreLive(
    name,
    queries.map(query => hashKey(query.queryKey)),
  )
  const answered = results.map(result => (result.isPlaceholderData ? undefined : (result.data as AnyPage | undefined)))
  useEffect(() => {
    for (const [index, page] of answered.entries()) if (page) windows.shown.set(spans[index]?.after ?? '', page)
    windows.adjust(answered)
  })
  const pages = useStable(results.flatMap(result => (result.data as WindowPage<RowWith<N, E>> | undefined) ?? []))
  const rows = useMemo(() => rowsOf(pages), [pages])
  const isShown = pages.length > 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: which of the borders are shown follows from the pages
  const data = useMemo(
    () => (isShown ? { pages, pageParams: borders.filter((_, index) => results[index]?.data) } : undefined),
    [pages, borders],
  )
  const error = (results.find(result => result.error)?.error ?? null) as BindingError | null
  const last = answered.at(-1)
  const isFetching = results.some(result => result.isFetching)
  const status = error ? 'error' : isShown ? 'success' : 'pending'
  const refetch = async (): Promise<unknown> => {
    if (error?.code === 'invalid') windows.borders = BEGINNING // of another SECRET_KEY, or of another default order
    return Promise.all(results.map(result => result.refetch()))
  }
  return {
    data,
    rows,
    status,
    error,
    isPending: status === 'pending',
    isSuccess: status === 'success',
    isError: status === 'error',
    isFetching,
    isLive,
    isGone: false,
    hasNextPage: last?.has_next ?? false,
    isFetchingNextPage: borders.length > 1 && !!results.at(-1)?.isFetching && !last,
    fetching: isFetching,
    fetchNextPage: () => windows.extend(last),
    hasPreviousPage: borders[0] !== '',
    isFetchingPreviousPage: isPreceding || (isShown && results[0]?.data === undefined),
    fetchPreviousPage: () => windows.precede(),
    refetch,
    refresh: refetch,
  }
}

/** As `useInfiniteSearch`, but suspends until the first page is there and throws its errors to the nearest boundary. */
export function useSuspenseInfiniteSearch<
  N extends BindingName,
  const E extends readonly ExpandPath<N>[] = readonly [],
>(
  name: N,
  params: InfiniteSearchParams<N, E> = {},
  options: Pick<InfiniteSearchOptions, 'initialPageParam'> = {},
): UseInfiniteSearchResult<N, E> & { readonly data: InfinitePages<N, E> } {
  const { bridge } = useChannelsOf(name)
  const windows = useWindowsOf(name, params, true, options.initialPageParam ?? '')
  const result = useInfiniteSearch(name, params, options)
  if (result.data) return result as never
  if (result.error) throw result.error
  const [after = '', until] = windows.borders
  throw bridge.queryClient.prefetchQuery(windows.query({ after, until }))
}
