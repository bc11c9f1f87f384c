import { useRetrieve } from '@channels-binding/core/react'
import { BindingForm } from '@channels-binding/mui/form'
import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Paper from '@mui/material/Paper'
import Snackbar from '@mui/material/Snackbar'
import Typography from '@mui/material/Typography'
import { type JSX, useState } from 'react'
import { go } from '../router'
import { AlsoHere } from '../tickets/AlsoHere'
import { Conversation } from '../tickets/Conversation'
import '../tickets/pickers'
import { Page } from './Page'

/** One ticket at an address of its own: fields and steps, the conversation, and who else is here. */
export default function TicketPage({ id }: { readonly id: number }): JSX.Element {
  const { data: ticket, error, isPending } = useRetrieve('desk.Ticket', id)
  const [isSaved, setSaved] = useState(false)
  const back = <Button onClick={() => go('/')}>All tickets</Button>
  if (!ticket && !isPending)
    return (
      <Page title={`Ticket ${id}`} actions={back}>
        <Alert severity="info">
          {!error || ['not_found', 'gone'].includes(error.code)
            ? 'There is no such ticket, or none that you may see any more.'
            : error.message}
        </Alert>
      </Page>
    )
  return (
    <Page
      isOfRow
      title={`#${id} ${ticket?.title ?? '…'}`}
      about={ticket ? `Opened ${moment(ticket.created)}, last changed ${moment(ticket.updated)}` : '…'}
      actions={
        <>
          <AlsoHere ticket={id} at="page" />
          {back}
        </>
      }
    >
      <Box sx={COLUMNS}>
        <Paper
          variant="outlined"
          sx={{ p: { xs: 1.5, sm: 2 }, minHeight: { xs: '100dvh', md: 0 }, overflowY: { md: 'auto' } }}
        >
          <BindingForm binding="desk.Ticket" id={id} label="Ticket" onSuccess={() => setSaved(true)} />
        </Paper>
        <Paper
          component="section"
          aria-label="Conversation"
          variant="outlined"
          sx={{ display: 'flex', flexDirection: 'column', minHeight: { xs: 320, md: 0 } }}
        >
          <Typography component="h3" variant="subtitle1" sx={{ px: 3, pt: 2, fontWeight: 600 }}>
            Conversation
          </Typography>
          <Conversation ticket={id} />
        </Paper>
      </Box>
      <Snackbar open={isSaved} autoHideDuration={3_000} onClose={() => setSaved(false)} message="Saved" />
    </Page>
  )
}

const moment = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })

const COLUMNS = {
  display: 'grid',
  flex: 1,
  minHeight: 0,
  gap: 2,
  gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'minmax(0, 3fr) minmax(0, 2fr)' },
}
