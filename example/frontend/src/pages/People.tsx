import { useAggregate, useList } from '@channels-binding/core/react'
import { SearchBar } from '@channels-binding/mui'
import { BindingTable } from '@channels-binding/mui/table'
import Box from '@mui/material/Box'
import List from '@mui/material/List'
import ListItemButton from '@mui/material/ListItemButton'
import ListItemText from '@mui/material/ListItemText'
import Paper from '@mui/material/Paper'
import type { Theme } from '@mui/material/styles'
import useMediaQuery from '@mui/material/useMediaQuery'
import { type JSX, useMemo, useState } from 'react'
import { Page } from './Page'

const WIDE = ['username', 'first_name', 'last_name', { field: 'email', minWidth: 220, flex: 1.6 }, 'is_active'] as const
const NARROW = ['username', 'is_active'] as const

/** Teams, each with how many open tickets of it you can see, and who is in them. */
export default function People(): JSX.Element {
  const { rows: teams } = useList('auth.Group')
  const { rows: open } = useAggregate('desk.Ticket', {
    measures: ['count'],
    by: ['group'],
    filters: { status: 'open' },
  })
  const [team, setTeam] = useState<number | null>(null)
  const [query, setQuery] = useState('')
  const isWide = useMediaQuery<Theme>(theme => theme.breakpoints.up('md'))
  const filters = useMemo(() => (team === null ? {} : { groups: [team] }), [team])
  const openOf = (id: number): number => open.find(row => row.group === id)?.count ?? 0
  return (
    <Page
      title="Users and teams"
      about="Open tickets are counted live, of those that you may see. Staff edits users in the cells."
      actions={<SearchBar label="Search users" onChange={setQuery} sx={{ width: { xs: '100%', sm: 260 } }} />}
    >
      <Box sx={COLUMNS}>
        <Paper variant="outlined" sx={{ minHeight: { xs: 310, md: 0 } }}>
          <List dense component="div" aria-label="Teams" role="group">
            <ListItemButton selected={team === null} aria-pressed={team === null} onClick={() => setTeam(null)}>
              <ListItemText primary="Everybody" />
            </ListItemButton>
            {teams.map(({ id, name }) => (
              <ListItemButton key={id} selected={team === id} aria-pressed={team === id} onClick={() => setTeam(id)}>
                <ListItemText primary={name} secondary={`${openOf(id).toLocaleString()} open`} />
              </ListItemButton>
            ))}
          </List>
        </Paper>
        <Paper variant="outlined" sx={TABLE}>
          <BindingTable
            aria-label="Users"
            binding="auth.User"
            columns={isWide ? WIDE : NARROW}
            filters={filters}
            query={query}
            editable
            density="compact"
            sx={{ border: 0 }}
          />
        </Paper>
      </Box>
    </Page>
  )
}

const COLUMNS = {
  display: 'grid',
  flex: 1,
  minHeight: 0,
  gap: 2,
  alignItems: { xs: 'start', md: 'stretch' },
  gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: '200px minmax(0, 1fr)' },
}

/** As high on a phone before its rows are there as after. */
const TABLE = { minHeight: { xs: 480, md: 240 }, height: { xs: '75dvh', md: 'auto' }, display: 'flex', minWidth: 0 }
