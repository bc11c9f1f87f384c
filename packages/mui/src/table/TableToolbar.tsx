import Button from '@mui/material/Button'
import Stack from '@mui/material/Stack'
import { type JSX, useContext, useRef, useState } from 'react'
import { FilterChips } from '../filters/FilterChips.js'
import { late } from '../late.js'
import { SearchBar } from '../SearchBar.js'
import { useStream } from '../stream.js'
import { BulkBar } from './BulkBar.js'
import { TableContext, type TableWorld } from './context.js'
import { Dropdown } from './Dropdown.js'
import { orderLabels } from './orderLabels.js'

// What stands below a button is loaded when it is opened first.
const ColumnsPanel = late(() => import('./ColumnsPanel.js').then(found => found.default))
const SortPanel = late(() => import('./SortPanel.js').then(found => found.default))
const ViewsPanel = late(() => import('./ViewsPanel.js').then(found => found.default))
const FilterPanel = late(() => import('../filters/FilterPanel.js').then(found => found.FilterPanel))

/** Search, filters, order, columns, views and export of a table; where rows are selected, what can be done with them. */
export default function TableToolbar(): JSX.Element | null {
  const world = useContext(TableContext)
  if (!world) return null
  const { binding, description, state, bulk, views, isSearched, texts } = world
  return (
    <Stack
      role="toolbar"
      aria-label={texts.toolbar}
      spacing={0.5}
      sx={{ p: 1, borderBottom: 1, borderColor: 'divider' }}
    >
      <Stack
        direction="row"
        useFlexGap
        spacing={0.5}
        sx={{ flexWrap: 'wrap', alignItems: 'center', minHeight: { xs: isSearched ? 84 : 40, sm: 40 } }}
      >
        {bulk.ids.length > 0 ? (
          <BulkBar world={world} />
        ) : (
          <>
            {isSearched && (
              <SearchBar
                label={texts.search}
                value={state.query}
                onChange={query => state.change({ query })}
                sx={{ width: { xs: '100%', sm: 220 }, mr: { sm: 1 } }}
              />
            )}
            {(!description || description.filters.length > 0) && <FiltersButton world={world} />}
            {(!description || orderLabels(world).size > 0) && (
              <Dropdown
                label={counted(texts.order, state.order.length > 1 ? state.order.length : 0)}
                disabled={!description}
              >
                <SortPanel world={world} />
              </Dropdown>
            )}
            <Dropdown label={texts.columns}>
              <ColumnsPanel world={world} />
            </Dropdown>
            {views !== null && (
              <Dropdown label={texts.views}>
                <ViewsPanel world={world} name={views} />
              </Dropdown>
            )}
            <CsvButton world={world} />
          </>
        )}
      </Stack>
      <FilterChips
        binding={binding}
        value={state.filters}
        onChange={filters => state.change({ filters: filters as TableWorld['state']['filters'] })}
      />
    </Stack>
  )
}

/** `Filters (2)` */
const counted = (text: string, count: number): string => (count ? `${text} (${count})` : text)

interface PartProps {
  readonly world: TableWorld
}

function FiltersButton({ world }: PartProps): JSX.Element {
  const { binding, description, state, filterNames, texts } = world
  return (
    <Dropdown label={counted(texts.filters, Object.keys(state.filters).length)} disabled={!description}>
      <FilterPanel
        binding={binding}
        {...(filterNames && { names: filterNames })}
        value={state.filters}
        onChange={filters => state.change({ filters: filters as TableWorld['state']['filters'] })}
        sx={{ p: 2, width: 320, maxWidth: '100%' }}
      />
    </Dropdown>
  )
}

function CsvButton({ world }: PartProps): JSX.Element {
  const { params, columns, visibility, texts, count } = world
  const { client, stream } = useStream(world.binding)
  const [rows, setRows] = useState<number | null>(null)
  const [error, setError] = useState<string | null>(null)
  const running = useRef<AbortController | null>(null)
  const start = async (): Promise<void> => {
    const shown = columns.filter(({ field }) => visibility[field] !== false)
    running.current = new AbortController()
    setRows(0)
    setError(null)
    try {
      const { csvLines, isExported, saveCsv } = await import('./exportCsv.js')
      const cells = shown.filter(isExported)
      const lines = csvLines(client, stream, params as Record<string, unknown>, cells, running.current.signal)
      await saveCsv(lines, `${stream}.csv`, setRows)
    } catch (reason) {
      // Whoever stops it, or chooses no file, need not be told; a full disk is another matter.
      const { name, message = String(reason) } = reason as Partial<Error>
      if (name !== 'AbortError') setError(message)
    }
    setRows(null)
  }
  if (rows !== null)
    return (
      <Button size="small" onClick={() => running.current?.abort()}>
        {texts.exporting(rows, count)}
      </Button>
    )
  return (
    <Button
      size="small"
      color={error ? 'error' : 'primary'}
      title={error ?? undefined}
      onClick={() => void start()}
      sx={{ minWidth: 0, px: 1.25 }}
    >
      {error ? texts.exportFailed : texts.export}
    </Button>
  )
}
