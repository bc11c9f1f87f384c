import Box from '@mui/material/Box'
import ListItemText from '@mui/material/ListItemText'
import MenuItem from '@mui/material/MenuItem'
import Popover from '@mui/material/Popover'
import { GridColumnMenu, type GridColumnMenuItemProps, type GridColumnMenuProps } from '@mui/x-data-grid'
import { type JSX, lazy, type MouseEvent, Suspense, useContext } from 'react'
import { TableContext } from './context.js'
import { HeaderFilterContext } from './headerFilter.js'

const TableToolbar = lazy(() => import('./TableToolbar.js'))
const FilterPanel = lazy(() => import('../filters/FilterPanel.js').then(found => ({ default: found.FilterPanel })))

/** The toolbar, which is loaded where there is one; its room is there before. */
export function Toolbar(): JSX.Element {
  return (
    <Suspense fallback={<Box sx={{ height: 57, borderBottom: 1, borderColor: 'divider' }} />}>
      <TableToolbar />
    </Suspense>
  )
}

const MENU_PLACE = { columnMenuUserItem: { displayOrder: 15 } }

/** The grid's menu of a column, with the filters of its field. */
export function ColumnMenu(props: GridColumnMenuProps): JSX.Element {
  return <GridColumnMenu {...props} slots={{ columnMenuUserItem: FilterItem }} slotProps={MENU_PLACE} />
}

/** The filters that a stream declares for a field: `price`, `price__gte`. */
const filtersOf = (field: string, names: readonly string[]): string[] =>
  names.filter(name => name === field || name.startsWith(`${field}__`))

function FilterItem({ colDef, onClick }: GridColumnMenuItemProps): JSX.Element | null {
  const world = useContext(TableContext)
  const open = useContext(HeaderFilterContext)
  const names = filtersOf(colDef.field, world?.description?.filters.map(filter => filter.name) ?? [])
  if (!world || !names.length) return null
  const choose = (event: MouseEvent<HTMLElement>): void => {
    onClick(event)
    open({ field: colDef.field, names })
  }
  return (
    <MenuItem onClick={choose}>
      <ListItemText>{world.texts.filter}</ListItemText>
    </MenuItem>
  )
}

interface HeaderFiltersProps {
  readonly asked: { readonly field: string; readonly names: readonly string[] } | null
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
    <Popover open anchorEl={header} onClose={onClose} anchorOrigin={{ vertical: 'bottom', horizontal: 'left' }}>
      <Suspense>
        <FilterPanel
          binding={binding}
          names={asked.names}
          value={state.filters}
          onChange={filters => state.change({ filters: filters as typeof state.filters })}
          sx={{ p: 2, width: 280 }}
        />
      </Suspense>
    </Popover>
  )
}
