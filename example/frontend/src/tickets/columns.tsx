import type { TableRow } from '@channels-binding/mui/table'
import type { GridColDef } from '@mui/x-data-grid'
import { DueDate, Priority, Status, Tags } from './cells'

/** What is laid over the columns that the server describes: widths, and cells that are more than text. */
export const COLUMNS: readonly GridColDef<TableRow>[] = [
  {
    field: 'id',
    headerName: '#',
    flex: 0,
    width: 76,
    minWidth: 76,
    align: 'left',
    headerAlign: 'left',
    valueFormatter: String,
  },
  { field: 'title', flex: 4, minWidth: 200 },
  { field: 'status', flex: 0, width: 104, renderCell: params => <Status {...params} /> },
  { field: 'priority', flex: 0, width: 104, renderCell: params => <Priority {...params} /> },
  { field: 'group', flex: 0, width: 92, minWidth: 92 },
  { field: 'assignee', minWidth: 136 },
  { field: 'customer', minWidth: 120 },
  { field: 'tags', minWidth: 132, flex: 1.8, renderCell: params => <Tags {...params} /> },
  { field: 'due_date', flex: 0, width: 112, renderCell: params => <DueDate {...params} /> },
  { field: 'price', flex: 0, width: 96, minWidth: 96, valueFormatter: (value: string) => PRICE.format(Number(value)) },
  { field: 'updated', flex: 0, width: 104, valueFormatter: moment },
]

const ONLY_LARGE = { group: false, customer: false, tags: false }
const ONLY_MEDIUM = { ...ONLY_LARGE, id: false, due_date: false, price: false, updated: false }

/** What small screens leave to the drawer; on the smallest there are cards. */
export const HIDDEN = {
  xs: { ...ONLY_LARGE, id: false, price: false, updated: false },
  sm: ONLY_MEDIUM,
  md: ONLY_LARGE,
  lg: { group: false, updated: false },
}

const PRICE = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2 })

/** The time today, the day before that. */
function moment(value: Date | string | null): string {
  if (!value) return ''
  const date = new Date(value)
  const isToday = date.toDateString() === new Date().toDateString()
  return isToday ? date.toLocaleTimeString() : date.toLocaleDateString()
}
