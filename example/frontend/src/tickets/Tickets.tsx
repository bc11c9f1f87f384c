import { useDescribe } from '@channels-binding/core/react'
import { BindingTable } from '@channels-binding/mui/table'
import Box from '@mui/material/Box'
import Paper from '@mui/material/Paper'
import type { Theme } from '@mui/material/styles'
import useMediaQuery from '@mui/material/useMediaQuery'
import { type JSX, lazy, Suspense, useMemo, useState } from 'react'
import type { DeskTicketRow as Ticket } from '../bindings.gen'
import { columnsOf, HIDDEN } from './columns'
import { Filters, type TicketFilters } from './Filters'
import { Tiles } from './Tiles'

// The forms (and their calendars) are loaded when the first one opens.
const NewTicket = lazy(() => import('./NewTicket'))
const DeleteTicket = lazy(() => import('./DeleteTicket'))
const TicketDrawer = lazy(() => import('./TicketDrawer'))

type Opened = { action: 'new' } | { action: 'edit' | 'delete'; ticket: Ticket }

/** The live table, what narrows it, and the dialogs that its buttons open. */
export function Tickets(): JSX.Element {
  const [query, setQuery] = useState('')
  const [filters, setFilters] = useState<TicketFilters>({})
  const [opened, setOpened] = useState<Opened | null>(null)
  const close = (): void => setOpened(null)

  return (
    <Box
      component="main"
      sx={{ display: 'flex', flexDirection: 'column', flex: 1, minHeight: 0, p: { xs: 1, sm: 2 }, gap: 2 }}
    >
      <Tiles query={query} filters={filters} onFilter={setFilters} />
      <Filters filters={filters} onFilter={setFilters} onSearch={setQuery} onNew={() => setOpened({ action: 'new' })} />
      <TicketTable query={query} filters={filters} onOpen={setOpened} />
      <Suspense>
        {opened?.action === 'new' && <NewTicket onClose={close} />}
        {opened?.action === 'edit' && <TicketDrawer id={opened.ticket.id} onClose={close} />}
        {opened?.action === 'delete' && <DeleteTicket ticket={opened.ticket} onClose={close} />}
      </Suspense>
    </Box>
  )
}

interface TicketTableProps {
  readonly query: string
  readonly filters: TicketFilters
  readonly onOpen: (opened: Opened) => void
}

function TicketTable({ query, filters, onOpen }: TicketTableProps): JSX.Element {
  const canDelete = useDescribe('desk.Ticket').data?.can.delete ?? false
  const size = useScreenSize()
  const columns = useMemo(
    () =>
      columnsOf({
        onEdit: ticket => onOpen({ action: 'edit', ticket }),
        onDelete: canDelete ? ticket => onOpen({ action: 'delete', ticket }) : null,
      }),
    [onOpen, canDelete],
  )
  return (
    <Paper
      variant="outlined"
      sx={{ flex: 1, minHeight: { xs: 480, md: 240 }, height: { xs: '75dvh', md: 'auto' }, display: 'flex' }}
    >
      <BindingTable
        aria-label="Tickets"
        binding="desk.Ticket"
        columns={columns}
        query={query}
        filters={filters}
        order="-id"
        editable
        density="compact"
        disableColumnSelector
        columnVisibilityModel={HIDDEN[size]}
        sx={{ border: 0 }}
      />
    </Paper>
  )
}

function useScreenSize(): keyof typeof HIDDEN {
  const isLarge = useMediaQuery<Theme>(theme => theme.breakpoints.up('lg'))
  const isMedium = useMediaQuery<Theme>(theme => theme.breakpoints.up('md'))
  const isSmall = useMediaQuery<Theme>(theme => theme.breakpoints.up('sm'))
  return isLarge ? 'lg' : isMedium ? 'md' : isSmall ? 'sm' : 'xs'
}
