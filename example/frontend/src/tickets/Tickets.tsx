import { useUrlModal } from '@channels-binding/mui'
import { BindingTable, type TableRow, type TableState, useUrlState } from '@channels-binding/mui/table'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Paper from '@mui/material/Paper'
import type { Theme } from '@mui/material/styles'
import useMediaQuery from '@mui/material/useMediaQuery'
import { type JSX, lazy, Suspense, useMemo } from 'react'
import { AddIcon, EditIcon } from '../icons'
import { COLUMNS, HIDDEN } from './columns'
import { Tiles } from './Tiles'

// The forms (and their calendars) are loaded when the first one opens.
const NewTicket = lazy(() => import('./NewTicket'))
const TicketDrawer = lazy(() => import('./TicketDrawer'))

/** The tiles, the live table, and what its buttons open. All of it is in the address: a link shows the same, and "back" goes back. */
export function Tickets(): JSX.Element {
  const state = useUrlState({ order: ['-id'] })
  const add = useUrlModal('new')
  const ticket = useUrlModal('ticket')
  return (
    <Box
      component="main"
      sx={{
        display: 'flex',
        flexDirection: 'column',
        flex: 1,
        minHeight: 0,
        p: { xs: 1, sm: 2 },
        gap: { xs: 1, sm: 2 },
      }}
    >
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'center' }}>
        <Tiles query={state.query} filters={state.filters} onFilter={filters => state.change({ filters })} />
        <Button
          variant="contained"
          startIcon={<AddIcon />}
          onClick={() => add.onOpen()}
          sx={{ flexGrow: { xs: 1, sm: 0 }, minHeight: 40 }}
        >
          New ticket
        </Button>
      </Box>
      <TicketTable state={state} onOpen={ticket.onOpen} />
      <Suspense>
        {add.open && <NewTicket onClose={add.onClose} />}
        {ticket.open && ticket.id !== null && <TicketDrawer id={ticket.id} onClose={ticket.onClose} />}
      </Suspense>
    </Box>
  )
}

interface TicketTableProps {
  readonly state: TableState
  readonly onOpen: (id: TableRow['id']) => void
}

function TicketTable({ state, onOpen }: TicketTableProps): JSX.Element {
  const size = useScreenSize()
  const open = useMemo(() => (row: TableRow) => onOpen(row.id), [onOpen])
  const rowActions = useMemo(() => [{ label: 'Open ticket', icon: <EditIcon />, run: open }, 'delete'] as const, [open])
  return (
    <Paper
      variant="outlined"
      sx={{ flex: { md: 1 }, minHeight: { xs: 480, md: 240 }, height: { xs: '75dvh', md: 'auto' }, display: 'flex' }}
    >
      <BindingTable
        aria-label="Tickets"
        binding="desk.Ticket"
        columns={COLUMNS}
        state={state}
        texts={TEXTS}
        toolbar
        filterNames={FILTERS}
        views="tickets"
        editable
        presence="desk.board"
        selection
        rowActions={rowActions}
        totals={TOTALS}
        cards="phone"
        onOpen={open}
        density="compact"
        disableColumnSelector
        columnVisibilityModel={HIDDEN[size]}
        sx={{ border: 0 }}
      />
    </Paper>
  )
}

const TEXTS = { search: 'Search tickets' }
const FILTERS = [
  'status',
  'priority__in',
  'group',
  'assignee',
  'customer',
  'tags',
  'due_date__gte',
  'due_date__lte',
  'price__gte',
  'price__lte',
] as const
const TOTALS = ['count', 'sum:price', 'avg:price']

function useScreenSize(): keyof typeof HIDDEN {
  const isLarge = useMediaQuery<Theme>(theme => theme.breakpoints.up('lg'))
  const isMedium = useMediaQuery<Theme>(theme => theme.breakpoints.up('md'))
  const isSmall = useMediaQuery<Theme>(theme => theme.breakpoints.up('sm'))
  return isLarge ? 'lg' : isMedium ? 'md' : isSmall ? 'sm' : 'xs'
}
