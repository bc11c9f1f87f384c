import Box from '@mui/material/Box'
import { type JSX, Suspense, useContext } from 'react'
import { late } from '../late.js'
import { TableContext } from './context.js'
import type { HeaderFilter } from './headerFilter.js'

const DropdownPanel = late(() => import('./DropdownPanel.js').then(found => found.default))
const TableToolbar = late(() => import('./TableToolbar.js').then(found => found.default))
const FilterPanel = late(() => import('../filters/FilterPanel.js').then(found => found.FilterPanel))

/** The toolbar, which is loaded where there is one; its room is there before. */
export function Toolbar(): JSX.Element {
  return (
    <Suspense
      fallback={<Box sx={{ height: { xs: 101, sm: 57 }, flexShrink: 0, borderBottom: 1, borderColor: 'divider' }} />}
    >
      <TableToolbar />
    </Suspense>
  )
}

interface HeaderFiltersProps {
  readonly asked: HeaderFilter | null
  readonly onClose: () => void
}

/** The filters of one column, below its header. */
export function HeaderFilters({ asked, onClose }: HeaderFiltersProps): JSX.Element | null {
  const world = useContext(TableContext)
  const root = world?.apiRef.current?.rootElementRef?.current
  const header = asked && root?.querySelector(`[role="columnheader"][data-field="${CSS.escape(asked.field)}"]`)
  if (!world || !asked || !header) return null
  const { binding, state } = world
  return (
    <Suspense>
      <DropdownPanel isOpen anchor={() => header} onClose={onClose}>
        <FilterPanel
          binding={binding}
          names={asked.names}
          value={state.filters}
          onChange={filters => state.change({ filters: filters as typeof state.filters })}
          sx={{ p: 2, width: 280 }}
        />
      </DropdownPanel>
    </Suspense>
  )
}
