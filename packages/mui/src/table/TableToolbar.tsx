import { useChannels } from '@channels-binding/core/react'
import Badge from '@mui/material/Badge'
import Button from '@mui/material/Button'
import Stack from '@mui/material/Stack'
import { type JSX, lazy, Suspense, useContext, useRef, useState } from 'react'
import { FilterChips } from '../filters/FilterChips.js'
import { SearchBar } from '../SearchBar.js'
import { BulkBar } from './BulkBar.js'
import { ColumnsMenu } from './ColumnsMenu.js'
import { TableContext, type TableWorld } from './context.js'
import { Dropdown } from './Dropdown.js'
import { SortMenu } from './SortMenu.js'
import { ViewsMenu } from './ViewsMenu.js'

const FilterPanel = lazy(() => import('../filters/FilterPanel.js').then(found => ({ default: found.FilterPanel })))

/** Search, filters, order, columns, views and export of a table; where rows are selected, what can be done with them. */
export default function TableToolbar(): JSX.Element | null {
  const world = useContext(TableContext)
  if (!world) return null
  const { binding, description, state, bulk, views, isSearched } = world
  return (
    <Stack
      role="toolbar"
      aria-label={world.texts.toolbar}
      spacing={0.5}
      sx={{ p: 1, borderBottom: 1, borderColor: 'divider' }}
    >
      <Stack direction="row" useFlexGap spacing={0.5} sx={{ flexWrap: 'wrap', alignItems: 'center', minHeight: 40 }}>
        {bulk.ids.length > 0 ? (
          <BulkBar world={world} />
        ) : (
          <>
            {isSearched && (
              <SearchBar
                key={state.query === '' ? 'empty' : 'full'}
                label={world.texts.search}
                value={state.query}
                onChange={query => state.change({ query })}
                sx={{ width: { xs: '100%', sm: 220 }, mr: 1 }}
              />
            )}
            {!!description?.filters.length && <FiltersButton world={world} />}
            <SortMenu world={world} />
            <ColumnsMenu world={world} />
            {views !== null && <ViewsMenu world={world} name={views} />}
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

interface PartProps {
  readonly world: TableWorld
}

function FiltersButton({ world }: PartProps): JSX.Element {
  const { binding, state, texts } = world
  const count = Object.keys(state.filters).length
  return (
    <Dropdown
      label={
        <Badge color="primary" badgeContent={count} sx={{ '& .MuiBadge-badge': { right: -8 } }}>
          {texts.filters}
        </Badge>
      }
    >
      <Suspense>
        <FilterPanel
          binding={binding}
          value={state.filters}
          onChange={filters => state.change({ filters: filters as TableWorld['state']['filters'] })}
          sx={{ p: 2, width: 320, maxWidth: '100%' }}
        />
      </Suspense>
    </Dropdown>
  )
}

function CsvButton({ world }: PartProps): JSX.Element {
  const { client } = useChannels()
  const { binding, params, columns, arrangement, texts, count } = world
  const [rows, setRows] = useState<number | null>(null)
  const [error, setError] = useState<string | null>(null)
  const running = useRef<AbortController | null>(null)
  const start = async (): Promise<void> => {
    const { csvLines, saveCsv } = await import('./exportCsv.js')
    const shown = columns.filter(({ field, described }) => described && !arrangement.hidden[field])
    const cells = shown.map(({ field, headerName }) => ({ field, label: headerName ?? field }))
    running.current = new AbortController()
    setRows(0)
    setError(null)
    try {
      const lines = csvLines(client, binding, params as Record<string, unknown>, cells, running.current.signal)
      await saveCsv(lines, `${binding}.csv`, setRows)
    } catch (reason) {
      if (!(reason instanceof DOMException)) setError(reason instanceof Error ? reason.message : String(reason))
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
    <Button size="small" color={error ? 'error' : 'primary'} title={error ?? undefined} onClick={() => void start()}>
      {error ? texts.exportFailed : texts.export}
    </Button>
  )
}
