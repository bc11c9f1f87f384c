import {
  BindingError,
  type BindingName,
  canonical,
  type FieldName,
  type Filters,
  type OrderBy,
  type SaveInput,
  type SearchParams,
} from '@channels-binding/core'
import { useDescribe, useSave, useSearch } from '@channels-binding/core/react'
import Alert from '@mui/material/Alert'
import Snackbar from '@mui/material/Snackbar'
import {
  DataGrid,
  type DataGridProps,
  type GridColDef,
  type GridPaginationModel,
  type GridSortModel,
  useGridApiRef,
} from '@mui/x-data-grid'
import { type JSX, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { messagesOf } from '../text.js'
import { columnsOf, LabelsContext, type TableRow } from './columns.js'
import { type Emptiness, EmptinessContext, EmptyOverlay } from './overlays.js'
import { useLiveRows } from './useLiveRows.js'

/** The largest page of the grid's community edition. */
const MAX_PAGE_SIZE = 100

const PAGE_SIZES = [10, 25, 50, MAX_PAGE_SIZE]

type Managed = 'rows' | 'columns' | 'rowCount' | 'paginationMode' | 'sortingMode' | 'paginationModel' | 'sortModel'

/** Props of `BindingTable`; every other prop goes to the Data Grid. */
export interface BindingTableProps<N extends BindingName> extends Omit<DataGridProps<TableRow>, Managed> {
  /** The stream. */
  readonly binding: N
  /** Field names, or columns of the grid's own kind, laid over what the server says of the field. @default every field */
  readonly columns?: readonly (FieldName<N> | GridColDef<TableRow>)[]
  readonly filters?: Partial<Filters<N>>
  readonly query?: string
  /** The order to begin with. */
  readonly order?: OrderBy<N>
  /** Rows a page to begin with; at most 100. @default 25 */
  readonly pageSize?: number
  /** Lets cells be edited that the server lets this user change. @default false */
  readonly editable?: boolean
  /** Lets cells flash that somebody changed; never where the user prefers reduced motion. @default true */
  readonly highlightChanges?: boolean
}

interface Paging {
  readonly model: GridPaginationModel
  readonly sort: GridSortModel
  readonly setModel: (model: GridPaginationModel) => void
  readonly setSort: (sort: GridSortModel) => void
}

/** Page and order of a table; back to the first page when what is asked for changes. */
function usePaging(order: string | undefined, pageSize: number, question: string): Paging {
  const [model, setModel] = useState({ page: 0, pageSize: Math.min(pageSize, MAX_PAGE_SIZE) })
  const [sort, setSort] = useState<GridSortModel>(order ? [sortOf(order)] : [])
  const [asked, setAsked] = useState(question)
  if (asked !== question) {
    setAsked(question)
    setModel({ ...model, page: 0 })
  }
  return useMemo(() => ({ model, sort, setModel, setSort }), [model, sort])
}

const sortOf = (order: string): GridSortModel[number] =>
  order.startsWith('-') ? { field: order.slice(1), sort: 'desc' } : { field: order, sort: 'asc' }

const orderOf = (sort: GridSortModel): string[] => sort.map(item => (item.sort === 'desc' ? '-' : '') + item.field)

function paramsOf<N extends BindingName>(
  { model, sort }: Paging,
  { filters, query, order }: BindingTableProps<N>,
): SearchParams<N> {
  const [field = order] = orderOf(sort)
  return {
    page: model.page + 1,
    limit: model.pageSize,
    labels: true,
    ...(field && { order: field as OrderBy<N> }),
    ...(filters && { filters }),
    ...(query && { query }),
  }
}

/** Shows a message when the row that is being edited goes away, since its draft goes with it. */
function useEditedRow(rows: readonly TableRow[], say: (message: string) => void): (id: TableRow['id'] | null) => void {
  const edited = useRef<TableRow['id'] | null>(null)
  useEffect(() => {
    if (edited.current === null || rows.some(row => row.id === edited.current)) return
    edited.current = null
    say('The row you were editing was deleted or left this page. Your change was not saved.')
  }, [rows, say])
  return useCallback(id => {
    edited.current = id
  }, [])
}

function changesOf(row: TableRow, old: TableRow): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name, value]) => value !== old[name]))
}

function messageOf(error: unknown): string {
  if (!(error instanceof BindingError)) return String(error)
  const fields = Object.values(error.fields ?? {}).map(messagesOf)
  return fields.length ? fields.join(' ') : error.message
}

/** A table of a stream: paged, sorted and filtered by the server, live, and edited in place. */
export function BindingTable<N extends BindingName>(props: BindingTableProps<N>): JSX.Element {
  const {
    binding,
    columns: asked,
    filters,
    query,
    order,
    pageSize = 25,
    editable = false,
    highlightChanges = true,
    apiRef: givenApiRef,
  } = props
  const ownApiRef = useGridApiRef()
  const apiRef = givenApiRef ?? ownApiRef
  const [message, setMessage] = useState<string | null>(null)
  const question = canonical({ binding, filters, query })
  const paging = usePaging(order, pageSize, question)
  const search = useSearch(binding, paramsOf(paging, props))
  const { data: description, isPending: isUndescribed } = useDescribe(binding)
  const { isPlaceholderData } = search
  // Until the columns are known, a cell would be given its raw value (text where a formatter expects a Date).
  const rows = (isUndescribed ? NO_ROWS : search.rows) as readonly TableRow[]
  const labels = search.data?.labels
  const latest = useRef({ rows, labels })
  useEffect(() => {
    latest.current = { rows, labels }
  }, [rows, labels])

  const page = useSettled(canonical([question, paging.model, paging.sort]), isPlaceholderData)
  const shown = useLiveRows(apiRef, rows, page, highlightChanges)
  const setEdited = useEditedRow(rows, setMessage)
  const columns = useMemo(
    () => columnsOf(description, asked, { editable, labels: () => latest.current.labels }),
    [description, asked, editable],
  )
  const save = useSave(binding)
  const { mutateAsync } = save
  const processRowUpdate = useCallback(
    async (row: TableRow, old: TableRow): Promise<TableRow> => {
      const changes = changesOf(row, old)
      if (!Object.keys(changes).length) return old
      await mutateAsync({ id: row.id, ...changes } as SaveInput<N>)
      // The grid now writes `row`, although the server may have ignored some of it; then its own is written again.
      setTimeout(() => {
        const stored = latest.current.rows.find(({ id }) => id === row.id)
        if (stored) apiRef.current?.updateRows([stored])
      })
      return row
    },
    [mutateAsync, apiRef],
  )
  const emptiness: Emptiness = {
    error: search.error?.message ?? null,
    retry: () => void search.refetch(),
    isNarrowed: !!query || Object.keys(filters ?? {}).length > 0,
    name: description?.label_plural ?? 'rows',
  }
  const label = description?.label_plural ?? binding
  const { count, isFetching } = search
  // The grid renders every cell when it renders at all, so it does not when only rows changed in place.
  const grid = useMemo(
    () => (
      <DataGrid<TableRow>
        aria-label={label}
        disableColumnFilter
        disableRowSelectionOnClick
        pageSizeOptions={PAGE_SIZES}
        processRowUpdate={processRowUpdate}
        onProcessRowUpdateError={error => setMessage(messageOf(error))}
        {...gridPropsOf(props)}
        {...handlersOf(props, paging, setEdited)}
        apiRef={apiRef}
        rows={shown}
        columns={columns}
        rowCount={count}
        loading={isFetching || isUndescribed || props.loading === true}
        paginationMode="server"
        sortingMode="server"
        filterMode="server"
        paginationModel={paging.model}
        sortModel={paging.sort}
      />
    ),
    [label, processRowUpdate, props, paging, setEdited, apiRef, shown, columns, count, isFetching, isUndescribed],
  )

  return (
    <LabelsContext.Provider value={labels}>
      <EmptinessContext.Provider value={emptiness}>
        {grid}
        <Snackbar open={message !== null} onClose={(_event, reason) => reason === 'clickaway' || setMessage(null)}>
          <Alert severity="error" onClose={() => setMessage(null)}>
            {message}
          </Alert>
        </Snackbar>
      </EmptinessContext.Provider>
    </LabelsContext.Provider>
  )
}

const NO_ROWS: readonly never[] = []

type GridProps = Omit<DataGridProps<TableRow>, Managed>

/** What goes to the grid as it stands, with overlays that say more. */
function gridPropsOf<N extends BindingName>(props: BindingTableProps<N>): GridProps {
  const { binding, columns, filters, query, order, pageSize, editable, highlightChanges, slots, slotProps, ...grid } =
    props
  const loadingOverlay = {
    variant: 'linear-progress',
    noRowsVariant: 'skeleton',
    ...slotProps?.loadingOverlay,
  } as const
  return {
    ...grid,
    slots: { noRowsOverlay: EmptyOverlay, noResultsOverlay: EmptyOverlay, ...slots },
    slotProps: { ...slotProps, loadingOverlay },
  }
}

type Handlers = Pick<
  DataGridProps<TableRow>,
  'onPaginationModelChange' | 'onSortModelChange' | 'onCellEditStart' | 'onCellEditStop'
>

/** The events that the table needs itself; each is passed on to the application. */
function handlersOf(props: Handlers, paging: Paging, setEdited: (id: TableRow['id'] | null) => void): Handlers {
  return {
    onPaginationModelChange: (model, details) => {
      paging.setModel(model)
      props.onPaginationModelChange?.(model, details)
    },
    onSortModelChange: (sort, details) => {
      paging.setSort(sort)
      props.onSortModelChange?.(sort, details)
    },
    onCellEditStart: (params, event, details) => {
      setEdited(params.id)
      props.onCellEditStart?.(params, event, details)
    },
    onCellEditStop: (params, event, details) => {
      setEdited(null)
      props.onCellEditStop?.(params, event, details)
    },
  }
}

/** The value, once what is shown belongs to it. */
function useSettled(value: string, isWaiting: boolean): string {
  const [settled, setSettled] = useState(value)
  if (!isWaiting && settled !== value) setSettled(value)
  return isWaiting ? settled : value
}
