import { DataGrid, type DataGridProps, type GridRowSelectionModel } from '@mui/x-data-grid'
import type { GridApiCommunity } from '@mui/x-data-grid/internals'
import { type ComponentType, type JSX, type RefObject, useMemo } from 'react'
import { actionsColumn, withEditor } from './gridColumns.js'
import { handlersOf, PAGE_SIZES, plainPropsOf } from './gridProps.js'
import type { BindingTableProps } from './props.js'
import type { RowId, TableColumn, TableRow } from './row.js'
import type { ActionsContext } from './rowActions.js'
import type { Arrangement } from './useArrangement.js'
import type { Edits } from './useEdits.js'
import type { LiveRows } from './useLiveRows.js'
import { MARKS_SX } from './useMarks.js'
import { useSortModel } from './useSortModel.js'
import type { TableQuery, TableState } from './useTableState.js'

/** What a grid is of. */
export interface GridProps {
  readonly props: BindingTableProps<never>
  readonly label: string
  readonly apiRef: RefObject<GridApiCommunity | null>
  readonly rows: LiveRows
  readonly columns: readonly TableColumn[]
  readonly actions: ActionsContext
  readonly count: number
  readonly isLoading: boolean
  readonly wanted: TableQuery
  readonly state: TableState
  readonly edits: Edits
  readonly onEscape: (id: RowId) => void
  readonly isHeld: (id: RowId) => boolean
  readonly marks: Pick<DataGridProps<TableRow>, 'getCellClassName' | 'getRowClassName'>
  readonly arrangement: Arrangement
  readonly visibility: Readonly<Record<string, boolean>>
  readonly selected: readonly RowId[]
  readonly onSelect: (ids: readonly RowId[]) => void
}

/** The Data Grid with everything in its place; it renders only when something other than the values of rows has changed. */
export function Grid(all: GridProps): JSX.Element {
  const { props, label, apiRef, rows, actions, count, isLoading, wanted, state, edits, onEscape, isHeld, marks } = all
  const { arrangement, visibility, selected, onSelect } = all
  const columns = useMemo(() => [...all.columns.map(withEditor), ...actionsColumn(actions)], [all.columns, actions])
  const [sortModel, isSorting] = useSortModel(wanted.order, columns)
  const { save, follow } = edits
  const isArranged = props.columnVisibilityModel !== undefined || Object.keys(visibility).length > 0
  const Chosen = (props.grid ?? DataGrid) as ComponentType<DataGridProps<TableRow>>
  const selectionModel = useMemo<GridRowSelectionModel>(() => ({ type: 'include', ids: new Set(selected) }), [selected])
  // The grid renders every cell when it renders at all, so it does not when only rows changed in place.
  return useMemo(
    () => (
      <Chosen
        aria-label={label}
        disableColumnFilter
        disableRowSelectionOnClick
        pageSizeOptions={PAGE_SIZES}
        {...plainPropsOf(props)}
        {...handlersOf(props, { state, follow, onEscape, isHeld, isSorting })}
        {...marks}
        {...(arrangement.density && { density: arrangement.density })}
        {...(isArranged && {
          columnVisibilityModel: visibility,
          onColumnVisibilityModelChange: (model, details) => {
            arrangement.set({
              hidden: Object.fromEntries(Object.entries(model).map(([field, isShown]) => [field, !isShown])),
            })
            props.onColumnVisibilityModelChange?.(model, details)
          },
        })}
        {...(props.selection && {
          rowSelectionModel: selectionModel,
          onRowSelectionModelChange: (model, details) => {
            onSelect(chosenOf(model, selected, rows.now()))
            props.onRowSelectionModelChange?.(model, details)
          },
        })}
        sx={[MARKS_SX, TEXTS_SX, ...(Array.isArray(props.sx) ? props.sx : [props.sx])]}
        processRowUpdate={save}
        apiRef={apiRef}
        rows={rows.now()}
        columns={columns}
        rowCount={count}
        loading={isLoading}
        paginationMode="server"
        sortingMode="server"
        filterMode="server"
        paginationModel={{ page: wanted.page - 1, pageSize: wanted.pageSize }}
        sortModel={sortModel}
      />
    ),
    [
      Chosen,
      label,
      props,
      state,
      follow,
      onEscape,
      isHeld,
      isSorting,
      marks,
      arrangement,
      isArranged,
      visibility,
      selectionModel,
      selected,
      onSelect,
      save,
      apiRef,
      rows,
      columns,
      count,
      isLoading,
      wanted,
      sortModel,
    ],
  )
}

/** What rows hold is read in its own direction, whatever that of the page is: a cut text shows its beginning. */
const TEXTS_SX = { '& .MuiDataGrid-cell': { unicodeBidi: 'plaintext' } } as const

/** "All" means the rows of this page, beside those of other pages that were chosen before. */
function chosenOf(model: GridRowSelectionModel, before: readonly RowId[], rows: readonly TableRow[]): RowId[] {
  if (model.type === 'include') return [...model.ids] as RowId[]
  return [...new Set([...before, ...rows.map(row => row.id)])].filter(id => !model.ids.has(id))
}
