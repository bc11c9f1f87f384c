import ListItemText from '@mui/material/ListItemText'
import MenuItem from '@mui/material/MenuItem'
import { GridColumnMenu, type GridColumnMenuItemProps, type GridColumnMenuProps } from '@mui/x-data-grid'
import { type JSX, type MouseEvent, useContext } from 'react'
import { TableContext } from './context.js'
import { HeaderFilterContext } from './headerFilter.js'

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
