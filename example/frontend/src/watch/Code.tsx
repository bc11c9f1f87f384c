import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import type { JSX } from 'react'

const PYTHON = `class TicketBinding(AsyncBinding):
    model = Ticket
    fields = ("id", "title", "status", "priority", "group")`
const WHO = `
    def get_queryset(self):  # who sees what
        return Ticket.objects.visible_to(self.user)`
const PROPS = '\n// here with props for the columns and the order'
const JSX_LINE = '<BindingTable binding="desk.Ticket" editable />'

/** What is behind the two tables: three lines of Python and one of JSX, and the two that say who sees what. */
export function Code(): JSX.Element {
  return (
    <Box
      component="section"
      aria-label="The code"
      sx={{
        display: 'grid',
        gap: { xs: 1, md: 3 },
        gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'minmax(0, 1fr) minmax(0, 1fr)' },
      }}
    >
      <Snippet title="Three lines of Python, and two for who sees what">
        {PYTHON}
        <Box component="span" sx={{ color: 'text.secondary' }}>
          {WHO}
        </Box>
      </Snippet>
      <Snippet title="One line of JSX">
        {JSX_LINE}
        <Box component="span" sx={{ color: 'text.secondary' }}>
          {PROPS}
        </Box>
      </Snippet>
    </Box>
  )
}

function Snippet({ title, children }: { readonly title: string; readonly children: React.ReactNode }): JSX.Element {
  return (
    <div>
      <Typography component="h2" variant="subtitle2">
        {title}
      </Typography>
      <Box
        component="pre"
        dir="ltr"
        tabIndex={0}
        sx={{
          m: 0,
          textAlign: 'start',
          fontSize: 13,
          lineHeight: 1.5,
          fontFamily: 'ui-monospace, monospace',
          overflowX: 'auto',
        }}
      >
        {children}
      </Box>
    </div>
  )
}
