import type { BindingName, ChannelsClient } from '@channels-binding/core'
import { useChannels, usePending } from '@channels-binding/core/react'
import { Writes } from '@channels-binding/core/writes'
import type { DataGridProps } from '@mui/x-data-grid'
import type { GridApiCommunity } from '@mui/x-data-grid/internals'
import { type RefObject, useEffect, useMemo, useRef } from 'react'
import type { RowId, TableRow } from './row.js'

type Marks = Required<Pick<DataGridProps<TableRow>, 'getCellClassName' | 'getRowClassName'>>

/** Marks cells whose change waits to be sent, and rows that are held on the page while they are edited. */
export function useMarks(
  binding: BindingName,
  apiRef: RefObject<GridApiCommunity | null>,
  held: readonly RowId[],
  given: Pick<DataGridProps<TableRow>, 'getCellClassName' | 'getRowClassName'>,
): Marks {
  const { client } = useChannels()
  usePendingRows(binding, apiRef)
  const { getCellClassName, getRowClassName } = given
  return useMemo(
    () => ({
      getCellClassName: params =>
        joined(getCellClassName?.(params), waits(client, binding, params.id, params.field) && 'cb-pending'),
      getRowClassName: params => joined(getRowClassName?.(params), held.includes(params.id) && 'cb-held'),
    }),
    [client, binding, held, getCellClassName, getRowClassName],
  )
}

const joined = (...names: readonly (string | false | undefined)[]): string => names.filter(Boolean).join(' ')

const waits = (client: ChannelsClient, binding: string, id: unknown, field: string): boolean =>
  Writes.of(client)
    .getSnapshot()
    .some(write => write.stream === binding && write.id === id && write.hasWaited && field in write.values)

/** Draws a row anew when a change of it begins to wait, or waits no longer. */
function usePendingRows(binding: BindingName, apiRef: RefObject<GridApiCommunity | null>): void {
  const { writes } = usePending()
  const before = useRef<readonly RowId[]>([])
  useEffect(() => {
    const ids = writes.flatMap(({ stream, id, hasWaited }) =>
      stream === binding && hasWaited && id !== null ? [id] : [],
    )
    const changed = [
      ...ids.filter(id => !before.current.includes(id)),
      ...before.current.filter(id => !ids.includes(id)),
    ]
    before.current = ids
    const api = apiRef.current
    for (const id of changed) {
      const row = api?.getRow(id)
      if (row) api?.updateRows([{ ...row }])
    }
  }, [writes, binding, apiRef])
}

/** How marked cells and rows look. */
export const MARKS_SX = {
  '& .cb-pending': {
    fontStyle: 'italic',
    opacity: 0.7,
    textDecoration: 'underline dotted',
    textUnderlineOffset: '3px',
  },
  '& .cb-held': { outline: '2px dashed', outlineColor: 'warning.main', outlineOffset: -2 },
} as const
