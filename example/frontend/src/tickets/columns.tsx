import type { TableRow } from '@channels-binding/mui/table'
import { GridActionsCellItem, type GridColDef } from '@mui/x-data-grid'
import { lazy, Suspense } from 'react'
import type { DeskTicketRow as Ticket } from '../bindings.gen'
import { DeleteIcon, EditIcon } from '../icons'
import { DueDate, Priority, Status, Tags } from './cells'

const AssigneeEditor = lazy(() => import('./AssigneeEditor'))

interface Actions {
  readonly onEdit: (ticket: Ticket) => void
  /** `null` where this user may not delete. */
  readonly onDelete: ((ticket: Ticket) => void) | null
}

const ticketOf = (row: TableRow): Ticket => row as unknown as Ticket

/** What is laid over the columns that the server describes: widths, and cells that are more than text. */
export function columnsOf({ onEdit, onDelete }: Actions): GridColDef<TableRow>[] {
  return [
    { field: 'id', headerName: '#', flex: 0, width: 72, align: 'left', headerAlign: 'left', valueFormatter: String },
    { field: 'title', flex: 3, minWidth: 120 },
    { field: 'status', flex: 0, width: 104, renderCell: params => <Status {...params} /> },
    { field: 'priority', flex: 0, width: 104, renderCell: params => <Priority {...params} /> },
    {
      field: 'assignee',
      minWidth: 140,
      editable: true,
      renderEditCell: params => (
        <Suspense>
          <AssigneeEditor {...params} />
        </Suspense>
      ),
    },
    { field: 'customer', minWidth: 130 },
    { field: 'tags', minWidth: 140, flex: 1.4, renderCell: params => <Tags {...params} /> },
    { field: 'due_date', flex: 0, width: 112, renderCell: params => <DueDate {...params} /> },
    { field: 'price', flex: 0, width: 96, valueFormatter: (value: string) => PRICE.format(Number(value)) },
    { field: 'updated', flex: 0, width: 104, valueFormatter: moment },
    {
      field: 'actions',
      type: 'actions',
      headerName: 'Actions',
      flex: 0,
      width: 88,
      getActions: ({ row }) => [
        <GridActionsCellItem
          key="edit"
          icon={<EditIcon />}
          label="Open ticket"
          onClick={() => onEdit(ticketOf(row))}
        />,
        ...(onDelete
          ? [
              <GridActionsCellItem
                key="delete"
                icon={<DeleteIcon />}
                label="Delete ticket"
                onClick={() => onDelete(ticketOf(row))}
              />,
            ]
          : []),
      ],
    },
  ]
}

const ONLY_LARGE = { customer: false, tags: false }
const ONLY_MEDIUM = { ...ONLY_LARGE, id: false, due_date: false, price: false, updated: false }

/** What small screens leave to the drawer. */
export const HIDDEN = {
  xs: { ...ONLY_MEDIUM, priority: false, assignee: false },
  sm: ONLY_MEDIUM,
  md: ONLY_LARGE,
  lg: {},
}

const PRICE = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2 })

/** The time today, the day before that. */
function moment(value: Date | string | null): string {
  if (!value) return ''
  const date = new Date(value)
  const isToday = date.toDateString() === new Date().toDateString()
  return isToday ? date.toLocaleTimeString() : date.toLocaleDateString()
}
