import { type BindingName, canonical, type Labels } from '@channels-binding/core'
import { useDescribe, useSearch } from '@channels-binding/core/react'
import Box from '@mui/material/Box'
import { useTheme } from '@mui/material/styles'
import useMediaQuery from '@mui/material/useMediaQuery'
import type { GridApiCommunity } from '@mui/x-data-grid/internals'
import { type JSX, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTexts } from '../languages/texts.js'
import { late } from '../late.js'
import { ServerContext, serverOf } from '../stream.js'
import { reasonOf } from '../text.js'
import { type Heir, useFocusKept } from '../useFocusKept.js'
import { warnOfUnknown, warnOnce } from '../warnings.js'
import { BulkNotices } from './BulkNotices.js'
import { CellErrorsContext } from './cellErrors.js'
import { columnsOf, fieldsOf, LabelsContext, unknownOf } from './columns.js'
import { TableContext, type TableWorld } from './context.js'
import { EditNotices, useDrafts } from './EditNotices.js'
import { type HeaderFilter, HeaderFilterContext } from './headerFilter.js'
import { HeaderFilters, SelectionBar, Toolbar } from './lazyParts.js'
import { ConnectionNotice, Notices } from './notices.js'
import { type Emptiness, EmptinessContext } from './overlays.js'
import type { BindingTableProps } from './props.js'
import type { RowId, TableRow } from './row.js'
import type { ActionsContext } from './rowActions.js'
import { Selected } from './Selected.js'
import { TableSkeleton } from './TableSkeleton.js'
import { TABLE_TEXTS } from './texts.js'
import { ordered, useArrangement, visibilityOf } from './useArrangement.js'
import { useBulk, useCount } from './useBulk.js'
import { useEdits } from './useEdits.js'
import { useHeldRows } from './useHeldRows.js'
import { useKept } from './useKept.js'
import { useLabels, useSettled } from './useLabels.js'
import { useLiveRows } from './useLiveRows.js'
import { useMarks } from './useMarks.js'
import { useSame, useSameFlags } from './useSame.js'
import { paramsOf } from './useTableState.js'
import { useWanted } from './useWanted.js'

// The grid is most of what a table weighs: the page, its search and its rows do not wait for it, and cards never need it.
const loadGrid = () => import('./Grid.js').then(found => found.Grid)
const Grid = late(loadGrid)
const PresentGrid = late(() => import('./PresentGrid.js').then(found => found.default))
const TotalsBar = late(() => import('./TotalsBar.js').then(found => found.default))
const CardList = late(() => import('./CardList.js').then(found => found.default))

/** A table of a stream: paged, sorted and filtered by the server, live, and edited in place. */
export function BindingTable<N extends BindingName>(props: BindingTableProps<N>): JSX.Element {
  const { binding, columns: asked, editable = false, highlightChanges = true, apiRef: givenApiRef } = props
  const { rowActions = NONE, bulkActions = NONE, selection = false, totals, views = null } = props
  const ownApiRef = useRef<GridApiCommunity | null>(null)
  const apiRef = givenApiRef ?? ownApiRef
  const frame = useRef<HTMLDivElement>(null)
  useFocusKept(frame, rowsOf)
  const texts = useTexts('table', TABLE_TEXTS, props.texts)
  const describe = useDescribe(binding)
  const { data: description } = describe
  const isUndescribed = describe.isPending
  const arrangement = useArrangement()
  const shownParams = useRef<unknown>(null)
  const bulk = useBulk(binding, description, shownParams)
  const { remove } = bulk
  const areCards = useCards(props.cards)

  // What is asked for.
  const { state, wanted } = useWanted(props)
  const latest = useRef<Labels | undefined>(undefined)
  const actions = useMemo<ActionsContext>(
    () => ({ actions: rowActions, description, remove, texts }),
    [rowActions, description, remove, texts],
  )
  const described = useMemo(
    () => columnsOf(description, asked, { editable, labels: () => latest.current }),
    [description, asked, editable],
  )
  const columns = useMemo(() => ordered(described, arrangement.order), [described, arrangement.order])
  const fields = useMemo(
    () => fieldsOf(description, asked, described, props.fields),
    [description, asked, described, props.fields],
  )
  const params = useMemo(() => paramsOf<N>(wanted, fields), [wanted, fields])
  useEffect(() => {
    shownParams.current = params
  }, [params])

  useEffect(() => {
    const known = description?.fields.map(field => field.name) ?? []
    warnOfUnknown(binding, 'field', unknownOf(description, asked), known)
    for (const { field, described } of columns)
      if (described?.type === 'relation' && !described.relation)
        warnOnce(
          `${binding} shows keys in '${field}', for no stream serves its rows. Bind their model to show and search their texts.`,
        )
  }, [binding, description, asked, columns])

  // What there is.
  const search = useSearch(binding, params, { enabled: !isUndescribed || fields !== undefined })
  const kept = useKept(binding, search)
  const edits = useEdits(binding, apiRef, columns)
  // Until the columns are known, a cell would be given its raw value (text where a formatter expects a Date).
  const held = useHeldRows((isUndescribed ? NONE : kept.rows) as readonly TableRow[], edits.list)
  const page = useSettled(canonical([binding, params]), kept.isPlaceholder)
  const flashing = { isOn: highlightChanges, isOwn: edits.isOwn }
  const shown = useLiveRows(apiRef, held.rows, page, flashing)
  const labels = useLabels(kept.labels, held.ids.length > 0)
  useEffect(() => {
    latest.current = labels
  }, [labels])
  const drafts = useDrafts(binding, edits)
  const isHeld = useCallback((id: RowId) => held.ids.includes(id), [held.ids])
  const marks = useMarks(binding, apiRef, held.ids, props)
  const [headerFilter, setHeaderFilter] = useState<HeaderFilter | null>(null)
  const closeHeaderFilter = useCallback(() => setHeaderFilter(null), [])

  // What has not changed stays the same object: the toolbar and what is beside the rows render when they have something else to show.
  const isNarrowed = !!wanted.query || Object.keys(wanted.filters).length > 0
  const canClear = !!state.query || Object.keys(state.filters).length > 0
  const { change } = state
  const clear = useCallback(() => change({ query: '', filters: {} }), [change])
  const refetch = describe.isError ? describe.refetch : search.refetch
  const emptiness = useSame<Emptiness>({
    error: reasonOf(kept.error ?? describe.error),
    retry: useCallback(() => void refetch(), [refetch]),
    isNarrowed,
    clear: canClear ? clear : null,
    name: description?.label_plural ?? 'rows',
    texts,
  })
  const count = useCount(kept.count, bulk.gone.length > 0)
  const visibility = useSameFlags(visibilityOf(props.columnVisibilityModel, arrangement.hidden))
  const world = useSame<TableWorld>({
    binding,
    description,
    state,
    params,
    count,
    columns,
    apiRef,
    arrangement,
    visibility,
    bulk,
    bulkActions,
    views,
    texts,
    filterNames: props.filterNames,
    // Until it is known, there is room for it.
    isSearched: (description?.search ?? true) && props.query === undefined,
  })
  const label = props['aria-label'] ?? description?.label_plural ?? binding
  const isLoading = search.isFetching || isUndescribed || props.loading === true
  const isAwaited = useAwaited(isUndescribed || (search.isPending && emptiness.error === null))
  const Shown = props.presence ? PresentGrid : Grid
  const skeleton = <TableSkeleton density={arrangement.density ?? props.density} />
  // It is loaded while its first rows are read, and drawn once, with them.
  useEffect(() => {
    if (!areCards) loadGrid().catch(() => undefined)
  }, [areCards])
  return (
    <Contexts world={world} labels={labels} emptiness={emptiness} errors={edits.errors} openFilter={setHeaderFilter}>
      <Box ref={frame} sx={FRAME}>
        {props.toolbar && <Toolbar />}
        <Suspense fallback={skeleton}>
          {areCards ? (
            <CardList
              label={label}
              rows={held.rows}
              page={wanted.page}
              isLoading={isLoading}
              isSelectable={selection}
              actions={actions}
              onOpen={props.onOpen}
            />
          ) : isAwaited ? (
            skeleton
          ) : (
            <Shown
              props={props as BindingTableProps<never>}
              label={label}
              apiRef={apiRef}
              rows={shown}
              columns={columns}
              actions={actions}
              count={count}
              isLoading={isLoading}
              wanted={wanted}
              state={state}
              edits={edits}
              onEscape={drafts.onEscape}
              isHeld={isHeld}
              marks={marks}
              arrangement={arrangement}
              visibility={visibility}
              selected={bulk.ids}
              onSelect={bulk.select}
            />
          )}
        </Suspense>
        {selection && !props.toolbar && bulk.ids.length > 0 && <SelectionBar />}
        {totals && (
          <Suspense fallback={<Box sx={{ height: TOTALS_PX }} />}>
            <TotalsBar measures={totals} />
          </Suspense>
        )}
        <HeaderFilters asked={headerFilter} onClose={closeHeaderFilter} />
        <Selected binding={binding} ids={bulk.ids} rows={held.rows} onGone={bulk.forget} />
        <Notices footer={PAGES_PX + (totals ? TOTALS_PX : 0)}>
          <ConnectionNotice binding={binding} texts={texts} isStale={kept.isStale} />
          <BulkNotices bulk={bulk} texts={texts} />
          <EditNotices
            binding={binding}
            apiRef={apiRef}
            columns={columns}
            params={params}
            edits={edits}
            drafts={drafts}
            held={held}
            texts={texts}
            canCreate={description?.can.create ?? false}
          />
        </Notices>
      </Box>
    </Contexts>
  )
}

interface ContextsProps {
  readonly world: TableWorld
  readonly labels: Labels | undefined
  readonly emptiness: Emptiness
  readonly errors: Readonly<Record<string, string>>
  readonly openFilter: (asked: HeaderFilter) => void
  readonly children: JSX.Element
}

/** What cells, menus and overlays know of their table. */
function Contexts({ world, labels, emptiness, errors, openFilter, children }: ContextsProps): JSX.Element {
  return (
    <ServerContext.Provider value={serverOf(world.binding)}>
      <TableContext.Provider value={world}>
        <HeaderFilterContext.Provider value={openFilter}>
          <LabelsContext.Provider value={labels}>
            <EmptinessContext.Provider value={emptiness}>
              <CellErrorsContext.Provider value={errors}>{children}</CellErrorsContext.Provider>
            </EmptinessContext.Provider>
          </LabelsContext.Provider>
        </HeaderFilterContext.Provider>
      </TableContext.Provider>
    </ServerContext.Provider>
  )
}

const NONE: readonly never[] = []

/** What of a table takes the focus: the cell or heading that the grid keeps in the order of Tab, else whatever comes first. */
const rowsOf: Heir = table => () =>
  [
    '.MuiDataGrid-cell[tabindex="0"]',
    '.MuiDataGrid-columnHeader[tabindex="0"]',
    '.MuiDataGrid-cell', // while the grid draws other rows, none has the turn
    'a, button, input',
  ]
    .map(selector => table.querySelector<HTMLElement>(selector))
    .find(found => found)

/** How high the line with the pages is, and the one with the totals. */
const PAGES_PX = 53
const TOTALS_PX = 40

const FRAME = {
  position: 'relative',
  display: 'flex',
  flexDirection: 'column',
  flex: 1,
  width: '100%',
  height: '100%',
  minWidth: 0,
  minHeight: 0,
} as const

/** Whether the first answer is still awaited; those that follow are not. */
function useAwaited(isPending: boolean): boolean {
  const [isAwaited, setAwaited] = useState(true)
  if (isAwaited && !isPending) setAwaited(false)
  return isAwaited && isPending
}

/** Whether there is room for cards only. */
function useCards(cards: boolean | 'phone' | undefined): boolean {
  const isNarrow = useMediaQuery(useTheme().breakpoints.down('sm'))
  return cards === 'phone' ? isNarrow : (cards ?? false)
}
