import type { BindingName, ChannelsClient } from '@channels-binding/core'
import { usePending } from '@channels-binding/core/react'
import { Writes } from '@channels-binding/core/writes'
import type { DataGridProps } from '@mui/x-data-grid'
import type { GridApiCommunity } from '@mui/x-data-grid/internals'
import { type RefObject, useEffect, useMemo, useRef } from 'react'
import { useStream } from '../stream.js'
import type { RowId, TableRow } from './row.js'

type Marks = Required<Pick<DataGridProps<TableRow>, 'getCellClassName' | 'getRowClassName'>>

/** Marks cells whose change waits to be sent, and rows that are held on the page while they are edited. */
export function useMarks(
  binding: BindingName,
  apiRef: RefObject<GridApiCommunity | null>,
  held: readonly RowId[],
  given: Pick<DataGridProps<TableRow>, 'getCellClassName' | 'getRowClassName'>,
): Marks {
  const { client, stream } = useStream(binding)
  usePendingRows(binding, apiRef)
  const { getCellClassName, getRowClassName } = given
  return useMemo(
    () => ({
      getCellClassName: params =>
        joined(getCellClassName?.(params), waits(client, stream, params.id, params.field) && 'cb-pending'),
      getRowClassName: params => joined(getRowClassName?.(params), held.includes(params.id) && 'cb-held'),
    }),
    [client, stream, held, getCellClassName, getRowClassName],
  )
}

const joined = (...names: readonly (string | false | undefined)[]): string => names.filter(Boolean).join(' ')

const waits = (client: ChannelsClient, binding: string, id: unknown, field: string): boolean =>
  Writes.of(client)
    .getSnapshot()
    .some(write => write.stream === binding && write.id === id && write.hasWaited && field in write.values)

/** Draws a row anew when a change of it begins to wait, or waits no longer. */
function usePendingRows(binding: BindingName, apiRef: RefObject<GridApiCommunity | null>): void {
  const { stream: own, server } = useStream(binding)
  const { writes } = usePending(server)
  const before = useRef<readonly RowId[]>([])
  useEffect(() => {
    const ids = writes.flatMap(({ stream, id, hasWaited }) => (stream === own && hasWaited && id !== null ? [id] : []))
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
  }, [writes, own, apiRef])
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
