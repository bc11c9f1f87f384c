import type { GridSortModel } from '@mui/x-data-grid'
import { useCallback, useLayoutEffect, useMemo, useRef } from 'react'
import type { TableColumn } from './row.js'

/** How long the grid may take to go to its first page because of another order, in milliseconds. */
const SORTING_MS = 100

/** What the grid is told of the order: the first column of it, for it knows no more, and drops columns that it does not have. */
export function useSortModel(
  [first = '']: readonly string[],
  columns: readonly TableColumn[],
): readonly [GridSortModel, () => boolean] {
  const field = first.replace(/^-/, '')
  const isKnown = columns.some(column => column.field === field)
  const model = useMemo<GridSortModel>(
    () => (isKnown ? [{ field, sort: first === field ? 'asc' : 'desc' }] : []),
    [isKnown, field, first],
  )
  const sortedAt = useRef(0)
  useLayoutEffect(() => {
    if (model) sortedAt.current = Date.now()
  }, [model])
  return [model, useCallback(() => Date.now() - sortedAt.current < SORTING_MS, [])]
}
