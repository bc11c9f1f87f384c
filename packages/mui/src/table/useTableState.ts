import type { BindingName, Filters, OrderBy, SearchParams } from '@channels-binding/core'
import { useCallback, useMemo, useRef, useState } from 'react'
import { changeAddress, readValue, useAddress, writeValue } from '../address.js'

/** What a table asks for; what a link to it holds. */
export interface TableQuery {
  /** From 1 on. */
  readonly page: number
  readonly pageSize: number
  readonly order: readonly string[]
  readonly query: string
  readonly filters: Readonly<Record<string, unknown>>
}

/** A `TableQuery` that can be changed. */
export interface TableState extends TableQuery {
  /** Changes some of it; whatever changes the rows that are meant goes back to the first page. */
  readonly change: (change: Partial<TableQuery>) => void
}

/**
 * What a table asks for, kept in the address: `?page=2&order=-price&filters.status=open`. A link shows the same, and "back" goes to
 * what was asked before. Two tables on a page have names of their own, which stand before theirs: `?tickets.page=2`.
 */
export function useUrlState(initial: Partial<TableQuery> = {}, name = ''): TableState {
  const address = useAddress()
  const start = useRef({ ...START, ...initial })
  const prefix = name && `${name}.`
  const state = useMemo(() => fromAddress(address, prefix, start.current), [address, prefix])
  const change = useCallback(
    (change: Partial<TableQuery>) => {
      const before = fromAddress(window.location.search, prefix, start.current)
      const search = toAddress(window.location.search, prefix, changed(before, change), start.current)
      if (search === window.location.search) return
      // What is typed is one step back, however many letters it has.
      const isTyped = Object.keys(change).join() === 'query' && before.query !== ''
      changeAddress(search, isTyped ? 'replace' : 'push')
    },
    [prefix],
  )
  return useMemo(() => ({ ...state, change }), [state, change])
}

/** What a table asks for, kept in the component. */
export function useTableState(initial: Partial<TableQuery> = {}): TableState {
  const [state, setState] = useState<TableQuery>({ ...START, ...initial })
  const change = useCallback((change: Partial<TableQuery>) => setState(before => changed(before, change)), [])
  return useMemo(() => ({ ...state, change }), [state, change])
}

/** What a controlled table asks for (`state`), or an own. */
export function useOwnState(given: TableState | undefined, initial: Partial<TableQuery>): TableState {
  const own = useTableState(initial)
  return given ?? own
}

/** The parameters of a search. */
export function paramsOf<N extends BindingName>(
  state: TableQuery,
  fields: readonly string[] | undefined,
): SearchParams<N> {
  const { page, pageSize, order, query, filters } = state
  return {
    page,
    limit: pageSize,
    labels: true,
    ...(order.length && { order: (order.length === 1 ? order[0] : order) as OrderBy<N> }),
    ...(Object.keys(filters).length && { filters: filters as Partial<Filters<N>> }),
    ...(query && { query }),
    ...(fields && { fields }),
  } as SearchParams<N>
}

const START: TableQuery = { page: 1, pageSize: 25, order: [], query: '', filters: {} }

function changed(before: TableQuery, change: Partial<TableQuery>): TableQuery {
  const isOther = 'query' in change || 'filters' in change || 'order' in change || 'pageSize' in change
  return { ...before, ...(isOther && { page: 1 }), ...change }
}

function fromAddress(address: string, prefix: string, start: TableQuery): TableQuery {
  const params = new URLSearchParams(address)
  const get = (name: string): string | null => params.get(prefix + name)
  const filters = [...params].filter(([name]) => name.startsWith(`${prefix}filters.`))
  const number = (name: string, other: number): number => {
    const value = Number(get(name))
    return Number.isSafeInteger(value) && value > 0 ? value : other
  }
  return {
    page: number('page', 1),
    pageSize: Math.min(number('limit', start.pageSize), MAX_PAGE_SIZE),
    order: get('order')?.split(',').filter(Boolean) ?? start.order,
    query: get('query') ?? start.query,
    filters: filters.length
      ? Object.fromEntries(filters.flatMap(([name, text]) => filterOf(name.slice(`${prefix}filters.`.length), text)))
      : start.filters,
  }
}

/** `filters.=` says that there are none, where there would be some to begin with. */
const filterOf = (name: string, text: string): [string, unknown][] => (name ? [[name, readValue(text)]] : [])

/** The largest page of the grid's community edition. */
export const MAX_PAGE_SIZE = 100

function toAddress(address: string, prefix: string, state: TableQuery, start: TableQuery): string {
  const params = new URLSearchParams(address)
  for (const name of [...params.keys()])
    if (name.startsWith(`${prefix}filters.`) || NAMES.some(each => name === prefix + each)) params.delete(name)
  const set = (name: string, value: string, usual: string): void => {
    if (value !== usual) params.set(prefix + name, value)
  }
  set('page', String(state.page), '1')
  set('limit', String(state.pageSize), String(start.pageSize))
  set('order', state.order.join(','), start.order.join(','))
  set('query', state.query, start.query)
  const filters = Object.entries(state.filters)
  for (const [name, value] of filters) params.set(`${prefix}filters.${name}`, writeValue(value))
  if (!filters.length && Object.keys(start.filters).length) params.set(`${prefix}filters.`, '')
  const text = params.toString()
  return text && `?${text}`
}

const NAMES = ['page', 'limit', 'order', 'query']
