import type { Filters } from '@channels-binding/core'
import { useAggregate, useDescribe } from '@channels-binding/core/react'
import ButtonBase from '@mui/material/ButtonBase'
import Paper from '@mui/material/Paper'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import type { JSX } from 'react'

const COLORS: Record<string, string> = { open: 'info.main', pending: 'warning.main', solved: 'success.main' }

type TicketFilters = Partial<Filters<'desk.Ticket'>>

interface TilesProps {
  readonly query: string
  readonly filters: TicketFilters
  readonly onFilter: (filters: TicketFilters) => void
}

/** How many tickets there are of each status and what they are worth, under the other filters, live. A click filters by it. */
export function Tiles({ query, filters, onFilter }: TilesProps): JSX.Element {
  const { status, ...others } = filters
  const { rows, data } = useAggregate('desk.Ticket', {
    measures: ['count', 'sum:price'],
    by: ['status'],
    filters: others,
    query,
  })
  const { data: description } = useDescribe('desk.Ticket')
  const choices = description?.fields.find(field => field.name === 'status')?.choices ?? []
  return (
    <Stack
      component="section"
      aria-label="Tickets by status"
      direction="row"
      useFlexGap
      spacing={1}
      sx={{ flex: { xs: '1 1 100%', sm: 1 }, flexWrap: 'wrap', minHeight: { xs: 102, sm: 46 } }}
    >
      {choices.map(({ value, label }) => {
        const found = rows.find(row => row.status === value)
        const isChosen = status === value
        return (
          <Paper
            key={label}
            variant="outlined"
            component={ButtonBase}
            aria-pressed={isChosen}
            onClick={() => onFilter(isChosen ? others : { ...others, status: value as NonNullable<typeof status> })}
            sx={{
              flex: { xs: '1 1 40%', sm: 1 },
              justifyContent: 'flex-start',
              alignItems: 'baseline',
              gap: 1,
              px: 1.5,
              py: 0.75,
              ...(isChosen && { borderColor: 'primary.main', boxShadow: 'inset 0 0 0 1px' }),
            }}
          >
            <Typography component="span" variant="h6" sx={{ color: COLORS[String(value)] ?? 'text.secondary' }}>
              {data ? (found?.count ?? 0).toLocaleString() : '–'}
            </Typography>
            <Typography component="span">{label}</Typography>
            <Typography
              component="span"
              variant="body2"
              sx={{ color: 'text.secondary', ml: 'auto', display: { xs: 'none', sm: 'inline' } }}
            >
              {data ? `Σ ${money(found?.['sum:price'])}` : ''}
            </Typography>
          </Paper>
        )
      })}
    </Stack>
  )
}

const money = (sum: string | null | undefined): string =>
  Number(sum ?? 0).toLocaleString(undefined, { maximumFractionDigits: 0 })
