import { hashKey, type QueryClient, type QueryKey, useQueries, useQuery } from '@tanstack/react-query'
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
import { type Channels, useChannels } from './context.js'
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
  readonly refetch: () => Promise<unknown>
}

/** The pages of an endless list. */
export interface InfinitePages<N extends BindingName, E extends readonly string[] = readonly []> {
  readonly pages: readonly WindowPage<RowWith<N, E>>[]
  /** Behind which place each page begins. */
  readonly pageParams: readonly Cursor[]
}

type AnyPage = WindowPage<{ readonly id: string | number }>
type Borders = readonly Cursor[]

const NO_BORDERS: Borders = Object.freeze([])
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
  /** What was last shown behind each place: while a window has another border, it is shown until the answer. */
  readonly shown = new Map<Cursor, AnyPage>()

  constructor(channels: Channels, name: string, params: { readonly limit?: number }, isLive: boolean) {
    const { limit = 25, ...others } = params
    this.#channels = channels
    this.#name = name
    this.#params = others
    this.#limit = limit
    this.#isLive = isLive
    this.bordersKey = ['channels', name, 'search', params, isLive, 'borders']
  }

  query(span: Span): BaseQuery {
    const limit = span.until === undefined ? this.#limit : ROOM * this.#limit
    const params = { ...this.#params, ...span, limit }
    return this.#isLive
      ? liveQuery(this.#channels, { stream: this.#name, action: 'search', params })
      : callQuery(this.#channels, this.#name, 'search', { ...params, live: false })
  }

  get #queryClient(): QueryClient {
    return this.#channels.bridge.queryClient
  }

  get borders(): Borders {
    return this.#queryClient.getQueryData<Borders>(this.bordersKey) ?? NO_BORDERS
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
}

function useWindowsOf(name: BindingName, params: { readonly limit?: number }, isLive: boolean): Windows {
  const channels = useChannels()
  const key = canonical([name, params, isLive])
  const made = useRef<{ key: string; channels: Channels; windows: Windows } | null>(null)
  if (made.current?.key !== key || made.current.channels !== channels)
    made.current = { key, channels, windows: new Windows(channels, name, params, isLive) }
  return made.current.windows
}

/** The same array until one of its members is another. */
function useStable<T>(list: readonly T[]): readonly T[] {
  const last = useRef(list)
  const isSame = last.current.length === list.length && list.every((each, index) => each === last.current[index])
  if (!isSame) last.current = list
  return last.current
}

function useAreLive(hashes: readonly string[]): boolean {
  const { bridge } = useChannels()
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
  { enabled = true, live = true }: InfiniteSearchOptions = {},
): UseInfiniteSearchResult<N, E> {
  const windows = useWindowsOf(name, params, live)
  const { data: borders = NO_BORDERS } = useQuery<Borders>({
    queryKey: windows.bordersKey,
    queryFn: () => windows.borders,
    initialData: () => windows.borders,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: false,
  })
  const spans = spansOf(borders)
  const queries = spans.map(span => windows.query(span))
  const results = useQueries({
    queries: queries.map((query, index) => ({
      ...query,
      enabled,
      placeholderData: () => windows.shown.get(spans[index]?.after ?? ''),
    })),
  })
  const isLive = useAreLive(queries.map(query => hashKey(query.queryKey)))
  const answered = results.map(result => (result.isPlaceholderData ? undefined : (result.data as AnyPage | undefined)))
  useEffect(() => {
    for (const [index, page] of answered.entries()) if (page) windows.shown.set(spans[index]?.after ?? '', page)
    windows.adjust(answered)
  })
  const pages = useStable(results.flatMap(result => (result.data as WindowPage<RowWith<N, E>> | undefined) ?? []))
  const shownSpans = spans.filter((_, index) => results[index]?.data !== undefined)
  const pageParams = useStable(shownSpans.map(span => span.after))
  const rows = useMemo(() => rowsOf(pages), [pages])
  const isShown = results[0]?.data !== undefined
  const data = useMemo(() => (isShown ? { pages, pageParams } : undefined), [isShown, pages, pageParams])
  const error = (results.find(result => result.error)?.error ?? null) as BindingError | null
  const last = results.at(-1)
  const isFetching = results.some(result => result.isFetching)
  const isPending = !isShown && error === null
  const refetch = async (): Promise<unknown> => {
    if (error?.code === 'invalid') windows.borders = NO_BORDERS // of another SECRET_KEY, or of another default order
    return Promise.all(results.map(result => result.refetch()))
  }
  return {
    data,
    rows,
    status: error ? 'error' : isPending ? 'pending' : 'success',
    error,
    isPending,
    isSuccess: isShown && error === null,
    isError: error !== null,
    isFetching,
    isLive,
    isGone: false,
    hasNextPage: answered.at(-1)?.has_next ?? false,
    isFetchingNextPage: borders.length > 0 && (last?.isFetching ?? false) && answered.at(-1) === undefined,
    fetching: isFetching,
    fetchNextPage: () => windows.extend(answered.at(-1)),
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
): UseInfiniteSearchResult<N, E> & { readonly data: InfinitePages<N, E> } {
  const { bridge } = useChannels()
  const windows = useWindowsOf(name, params, true)
  const result = useInfiniteSearch(name, params)
  if (result.data) return { ...result, data: result.data }
  if (result.error) throw result.error
  const first = spansOf(windows.borders)[0] ?? { after: '' }
  throw bridge.queryClient.prefetchQuery(windows.query(first))
}
