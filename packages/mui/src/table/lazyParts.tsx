import Box from '@mui/material/Box'
import Stack from '@mui/material/Stack'
import { type JSX, memo, type NamedExoticComponent, Suspense, useContext } from 'react'
import { late } from '../late.js'
import { TableContext } from './context.js'
import type { HeaderFilter } from './headerFilter.js'

const DropdownPanel = late(() => import('./DropdownPanel.js').then(found => found.default))
const TableToolbar = late(() => import('./TableToolbar.js').then(found => found.default))
const BulkBar = late(() => import('./BulkBar.js').then(found => found.BulkBar))
const FilterPanel = late(() => import('../filters/FilterPanel.js').then(found => found.FilterPanel))

/** The toolbar, which is loaded where there is one; its room is there before. */
export const Toolbar: NamedExoticComponent = memo(function Toolbar() {
  return (
    <Suspense
      fallback={<Box sx={{ height: { xs: 101, sm: 57 }, flexShrink: 0, borderBottom: 1, borderColor: 'divider' }} />}
    >
      <TableToolbar />
    </Suspense>
  )
})

/** What can be done with the rows that are selected, below a table without a toolbar: nothing moves under the pointer. */
export function SelectionBar(): JSX.Element | null {
  const world = useContext(TableContext)
  if (!world) return null
  return (
    <Stack
      direction="row"
      role="toolbar"
      aria-label={world.texts.toolbar}
      useFlexGap
      spacing={0.5}
      sx={{
        p: 1,
        minHeight: 57,
        flexShrink: 0,
        flexWrap: 'wrap',
        alignItems: 'center',
        borderTop: 1,
        borderColor: 'divider',
      }}
    >
      <Suspense>
        <BulkBar world={world} />
      </Suspense>
    </Stack>
  )
}

interface HeaderFiltersProps {
  readonly asked: HeaderFilter | null
  readonly onClose: () => void
}

/** The filters of one column, below its header. */
export const HeaderFilters: NamedExoticComponent<HeaderFiltersProps> = memo(function HeaderFilters(props) {
  const { asked, onClose } = props
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
          sx={{ p: 2, width: 320, maxWidth: '100%' }}
        />
      </DropdownPanel>
    </Suspense>
  )
})
