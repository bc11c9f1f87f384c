import { useRetrieve } from '@channels-binding/core/react'
import { BindingForm } from '@channels-binding/mui/form'
import Box from '@mui/material/Box'
import Drawer from '@mui/material/Drawer'
import IconButton from '@mui/material/IconButton'
import Stack from '@mui/material/Stack'
import { styled } from '@mui/material/styles'
import Tab from '@mui/material/Tab'
import Tabs from '@mui/material/Tabs'
import Typography from '@mui/material/Typography'
import { type JSX, useId, useState } from 'react'
import { CloseIcon, WindowIcon } from '../icons'
import { Link } from '../router'
import { AlsoHere } from './AlsoHere'
import { Conversation } from './Conversation'
import './pickers'

interface TicketDrawerProps {
  readonly id: number
  readonly onClose: () => void
}

/** One ticket: its form, what was said about it, and who else has it open. All are live. */
export default function TicketDrawer({ id, onClose }: TicketDrawerProps): JSX.Element {
  const { data: ticket } = useRetrieve('desk.Ticket', id)
  const [tab, setTab] = useState<'form' | 'conversation'>('form')
  const titleId = useId()
  const panel = (name: typeof tab) => ({
    role: 'tabpanel',
    id: `${titleId}-${name}`,
    'aria-labelledby': `${titleId}-${name}-tab`,
    hidden: tab !== name,
  })
  const tabProps = (name: typeof tab) => ({
    value: name,
    id: `${titleId}-${name}-tab`,
    'aria-controls': `${titleId}-${name}`,
  })
  return (
    <Drawer
      open
      anchor="right"
      onClose={onClose}
      slotProps={{
        paper: {
          role: 'dialog',
          'aria-modal': true,
          'aria-labelledby': titleId,
          sx: { width: { xs: '100%', sm: 480 } },
        },
      }}
    >
      <Stack direction="row" sx={{ alignItems: 'center', gap: 1, pl: 3, pr: 1, pt: 1.5 }}>
        <Typography id={titleId} component="h2" variant="h6" noWrap sx={{ flexGrow: 1 }}>
          #{id} {ticket?.title}
        </Typography>
        <AlsoHere ticket={id} at={tab} />
        <IconButton component={Link} href={`/tickets/${id}`} aria-label="Open as a page">
          <WindowIcon />
        </IconButton>
        <IconButton aria-label="Close" onClick={onClose}>
          <CloseIcon />
        </IconButton>
      </Stack>
      <Tabs
        value={tab}
        onChange={(_event, next) => setTab(next)}
        aria-label="Ticket"
        sx={{ px: 1.5, borderBottom: 1, borderColor: 'divider' }}
      >
        <Tab label="Details" {...tabProps('form')} />
        <Tab label="Conversation" {...tabProps('conversation')} />
      </Tabs>
      <Panel {...panel('form')}>
        <BindingForm
          binding="desk.Ticket"
          id={id}
          label="Ticket"
          onCancel={onClose}
          onSuccess={onClose}
          slots={SLOTS}
        />
      </Panel>
      <Panel {...panel('conversation')}>
        <Conversation ticket={id} />
      </Panel>
    </Drawer>
  )
}

const Panel = styled('div')({
  display: 'flex',
  flexDirection: 'column',
  flex: 1,
  minHeight: 0,
  '&[hidden]': { display: 'none' },
})

/** The fields scroll; the buttons stay in sight. */
const SLOTS = {
  content: styled(Box)({ flex: 1, overflowY: 'auto', padding: '16px 24px' }),
  actions: styled(Box)(({ theme }) => ({
    padding: '4px 24px',
    borderTop: `1px solid ${(theme.vars ?? theme).palette.divider}`,
  })),
}
