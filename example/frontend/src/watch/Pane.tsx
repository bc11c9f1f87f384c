import { ChannelsProvider } from '@channels-binding/core/react'
import { ConnectionStatus } from '@channels-binding/mui'
import { BindingTable, type TableRow } from '@channels-binding/mui/table'
import Avatar from '@mui/material/Avatar'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import FormControlLabel from '@mui/material/FormControlLabel'
import Paper from '@mui/material/Paper'
import Stack from '@mui/material/Stack'
import Switch from '@mui/material/Switch'
import type { Theme } from '@mui/material/styles'
import Typography from '@mui/material/Typography'
import useMediaQuery from '@mui/material/useMediaQuery'
import type { GridColDef } from '@mui/x-data-grid'
import { type JSX, useSyncExternalStore } from 'react'
import { Priority, Status } from '../tickets/cells'
import { SqlCount } from './SqlCount'
import type { Side } from './sides'
import { useHistory } from './useHistory'

const COLUMNS: readonly GridColDef<TableRow>[] = [
  { field: 'title', flex: 3, minWidth: 120 },
  { field: 'group', flex: 0, width: 84 },
  { field: 'status', flex: 0, width: 98, renderCell: params => <Status {...params} /> },
  { field: 'priority', flex: 0, width: 98, renderCell: params => <Priority {...params} /> },
]
const NARROW = { group: false, priority: false }

/** One user's window: their table, whether it is right, what can be done to their connection, and what became of it. */
export function Pane({ side }: { readonly side: Side }): JSX.Element {
  const { name, sees, client, queryClient } = side
  const isWide = useMediaQuery<Theme>(theme => theme.breakpoints.up('sm'))
  return (
    <ChannelsProvider client={client} queryClient={queryClient}>
      <Paper component="section" aria-label={name} variant="outlined" sx={PANE}>
        <Stack direction="row" useFlexGap spacing={1} sx={{ alignItems: 'center', flexWrap: 'wrap', px: 1.5, py: 1 }}>
          <Avatar aria-hidden="true" sx={{ width: 28, height: 28, fontSize: 14, ...AVATAR[name] }}>
            {name.charAt(0).toUpperCase()}
          </Avatar>
          <Typography component="h2" sx={{ fontWeight: 600 }}>
            {name}
          </Typography>
          <Typography variant="body2" sx={{ color: 'text.secondary', mr: 'auto' }}>
            {sees}
          </Typography>
          <ConnectionStatus />
        </Stack>
        <Box sx={{ px: 1.5, pb: 1, fontSize: 18 }}>
          <SqlCount />
        </Box>
        <Box sx={TABLE}>
          <BindingTable
            aria-label={`Tickets of ${name}`}
            binding="desk.Ticket"
            columns={COLUMNS}
            order="-id"
            editable
            presence="desk.board"
            density="compact"
            disableColumnSelector
            hideFooter
            columnVisibilityModel={isWide ? {} : NARROW}
            sx={{ border: 0 }}
          />
        </Box>
        <Break side={side} />
      </Paper>
    </ChannelsProvider>
  )
}

function Break({ side: { name, board } }: { readonly side: Side }): JSX.Element {
  const isBlocked = useSyncExternalStore(board.subscribe, board.isBlocked)
  const history = useHistory()
  return (
    <Box sx={{ px: 1.5, py: 0.75, borderTop: 1, borderColor: 'divider' }}>
      <Stack direction="row" useFlexGap spacing={2.5} sx={{ alignItems: 'center', flexWrap: 'wrap' }}>
        <Button size="small" variant="outlined" color="warning" onClick={() => board.cut()}>
          Cut the socket
        </Button>
        <FormControlLabel
          label="Block sockets"
          control={<Switch size="small" checked={isBlocked} onChange={(_event, checked) => board.block(checked)} />}
          slotProps={{ typography: { variant: 'body2' } }}
        />
      </Stack>
      <Box
        role="region"
        aria-label={`Connection of ${name}`}
        tabIndex={0}
        sx={{ height: 44, overflowY: 'auto', mt: 0.5 }}
      >
        {history.map(({ key, at, text, isGood }) => (
          <Typography key={key} variant="body2" sx={{ color: isGood ? 'success.main' : 'warning.main' }}>
            <Box component="span" sx={{ color: 'text.secondary', fontVariantNumeric: 'tabular-nums' }}>
              {at.toLocaleTimeString()}
            </Box>{' '}
            {text}
          </Typography>
        ))}
      </Box>
    </Box>
  )
}

const PANE = { display: 'flex', flexDirection: 'column', minHeight: 0, minWidth: 0 }
/** As high on a phone before its rows are there as with them. */
const TABLE = {
  flex: { md: 1 },
  height: { xs: 440, md: 'auto' },
  minHeight: { md: 160 },
  display: 'flex',
  borderTop: 1,
  borderColor: 'divider',
}
const AVATAR = {
  manager: { bgcolor: 'primary.main', color: 'primary.contrastText' },
  agent: { bgcolor: 'success.main', color: 'success.contrastText' },
}
