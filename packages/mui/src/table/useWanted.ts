import { type BindingName, canonical } from '@channels-binding/core'
import { useEffect, useMemo, useState } from 'react'
import type { BindingTableProps } from './props.js'
import { MAX_PAGE_SIZE, type TableQuery, type TableState, useOwnState } from './useTableState.js'

/** What the table asks for: what its user has chosen, and what the application lays over it. */
export function useWanted<N extends BindingName>(
  props: BindingTableProps<N>,
): { readonly state: TableState; readonly wanted: TableQuery } {
  const { binding, filters, query, order = [], pageSize = 25 } = props
  const initial = { order: [order].flat() as string[], pageSize: Math.min(pageSize, MAX_PAGE_SIZE) }
  const state = useOwnState(props.state, initial)
  // Back to the first page when the application asks for something else.
  const question = canonical([binding, filters ?? null, query ?? null])
  const [answered, setAnswered] = useState(question)
  const isOther = answered !== question
  const { change } = state
  useEffect(() => {
    if (!isOther) return
    setAnswered(question)
    change({ page: 1 })
  }, [isOther, question, change])
  // biome-ignore lint/correctness/useExhaustiveDependencies: `question` stands for the values of filters and query
  const wanted = useMemo(
    () => ({
      ...state,
      ...(isOther && { page: 1 }),
      filters: { ...state.filters, ...filters },
      query: query ?? state.query,
    }),
    [state, question, isOther],
  )
  return { state, wanted }
}
