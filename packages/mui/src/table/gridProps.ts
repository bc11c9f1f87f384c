import type { BindingName } from '@channels-binding/core'
import type { DataGridProps } from '@mui/x-data-grid'
import { ColumnMenu } from './ColumnMenu.js'
import { EmptyGridOverlay } from './overlays.js'
import type { BindingTableProps, Managed } from './props.js'
import type { RowId, TableRow } from './row.js'
import type { TableState } from './useTableState.js'

export const PAGE_SIZES: number[] = [10, 25, 50, 100]

type GridProps = Omit<DataGridProps<TableRow>, Managed>

/** What goes to the grid as it stands, with overlays that say more. */
export function plainPropsOf<N extends BindingName>(props: BindingTableProps<N>): GridProps {
  const {
    binding,
    columns,
    fields,
    filters,
    query,
    order,
    pageSize,
    state,
    editable,
    highlightChanges,
    texts,
    ...rest
  } = props
  const {
    toolbar,
    filterNames,
    views,
    selection,
    bulkActions,
    rowActions,
    totals,
    cards,
    onOpen,
    presence,
    grid: _grid,
    ...given
  } = rest
  const { slots, slotProps, ...grid } = given
  const loadingOverlay = {
    variant: 'linear-progress',
    noRowsVariant: 'skeleton',
    ...slotProps?.loadingOverlay,
  } as const
  return {
    ...grid,
    ...(selection && { checkboxSelection: true, keepNonExistentRowsSelected: true }),
    slots: {
      noRowsOverlay: EmptyGridOverlay,
      noResultsOverlay: EmptyGridOverlay,
      ...(toolbar && { columnMenu: ColumnMenu }),
      ...slots,
    },
    slotProps: { ...slotProps, loadingOverlay },
  }
}

type Handlers = Pick<
  DataGridProps<TableRow>,
  | 'onPaginationModelChange'
  | 'onSortModelChange'
  | 'onCellEditStop'
  | 'onCellModesModelChange'
  | 'onRowModesModelChange'
  | 'onProcessRowUpdateError'
>

interface Own {
  readonly state: TableState
  readonly follow: (model: Readonly<Record<string, unknown>>) => void
  readonly onEscape: (id: RowId) => void
  /** Whether the order has just been changed: the grid then goes to its first page, which "back" and links may not want. */
  readonly isSorting: () => boolean
  /** Whether a row is on the page only because it is being edited. */
  readonly isHeld: (id: RowId) => boolean
}

/** The events that the table needs itself; each is passed on to the application. */
export function handlersOf(props: Handlers, { state, follow, onEscape, isHeld, isSorting }: Own): Handlers {
  return {
    onPaginationModelChange: (model, details) => {
      const isMeant = model.page > 0 || !isSorting()
      if (isMeant && (model.page + 1 !== state.page || model.pageSize !== state.pageSize))
        state.change({ ...(model.pageSize !== state.pageSize && { pageSize: model.pageSize }), page: model.page + 1 })
      props.onPaginationModelChange?.(model, details)
    },
    onSortModelChange: (sort, details) => {
      state.change({ order: sort.map(item => (item.sort === 'desc' ? '-' : '') + item.field) })
      props.onSortModelChange?.(sort, details)
    },
    onCellEditStop: (params, event, details) => {
      if (params.reason === 'escapeKeyDown') onEscape(params.id)
      // What becomes of it is chosen in the notice, so a click there is not the end of the edit.
      if (params.reason === 'cellFocusOut' && isHeld(params.id)) event.defaultMuiPrevented = true
      props.onCellEditStop?.(params, event, details)
    },
    onCellModesModelChange: (model, details) => {
      follow(model)
      props.onCellModesModelChange?.(model, details)
    },
    onRowModesModelChange: (model, details) => {
      follow(model)
      props.onRowModesModelChange?.(model, details)
    },
    // What is wrong stands in the cell.
    onProcessRowUpdateError: error => props.onProcessRowUpdateError?.(error),
  }
}
