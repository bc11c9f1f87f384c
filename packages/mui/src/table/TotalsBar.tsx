import { useAggregate } from '@channels-binding/core/react'
import Box from '@mui/material/Box'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { type JSX, useContext, useEffect } from 'react'
import { warnOfUnknown } from '../warnings.js'
import { TableContext, type TableWorld } from './context.js'

interface TotalsBarProps {
  /** `'sum:price'`, `'count'`, as the stream offers them. */
  readonly measures: readonly string[]
}

/** Measures over all rows of the query, on all pages, live; none where the stream does not offer them. */
export default function TotalsBar({ measures }: TotalsBarProps): JSX.Element | null {
  const world = useContext(TableContext)
  useEffect(() => {
    const known = world?.description && (world.description.aggregate?.measures ?? [])
    if (world && known)
      warnOfUnknown(
        world.binding,
        'measure',
        measures.filter(name => !known.includes(name)),
        known,
      )
  }, [world, measures])
  if (!world?.description) return <Box sx={{ height: HEIGHT_PX }} />
  const offered = world.description.aggregate?.measures ?? []
  const found = measures.filter(measure => offered.includes(measure))
  return found.length ? <Totals world={world} measures={found} /> : null
}

function Totals({ world, measures }: TotalsBarProps & { readonly world: TableWorld }): JSX.Element {
  const { filters, query } = world.params as { filters?: object; query?: string }
  const asked = { measures, ...(filters && { filters }), ...(query && { query }) }
  const { rows } = useAggregate(world.binding as never, asked as never)
  const [row] = rows as readonly Readonly<Record<string, unknown>>[]
  return (
    <Stack direction="row" spacing={3} role="group" aria-label={world.texts.totals} tabIndex={0} sx={BAR}>
      {measures.map(measure => (
        <Typography key={measure} variant="body2" noWrap sx={{ flexShrink: 0 }}>
          {labelOf(measure, world)} <b>{numberText(row?.[measure], measure.startsWith('avg:') ? 2 : 6)}</b>
        </Typography>
      ))}
    </Stack>
  )
}

/** One line, whatever the numbers are: it is scrolled where it has no room, so that nothing moves when they come. */
const HEIGHT_PX = 40
const BAR = {
  flexShrink: 0,
  height: HEIGHT_PX,
  px: 2,
  alignItems: 'center',
  overflowX: 'auto',
  borderTop: 1,
  borderColor: 'divider',
  '& > :first-of-type': { ml: 'auto' },
} as const

function labelOf(measure: string, { columns, description, texts }: TableWorld): string {
  const [kind = '', name = ''] = measure.split(':')
  const word = texts.measures[kind] ?? kind
  const label =
    columns.find(column => column.field === name)?.headerName ??
    description?.fields.find(field => field.name === name)?.label
  return name ? `${word} ${label ?? name}` : word
}

/** A decimal stays text, and is only grouped where no digit is lost. */
function numberText(value: unknown, maximumFractionDigits: number): string {
  if (value === null || value === undefined) return '–'
  const number = Number(value)
  const isExact =
    typeof value === 'number' || (Number.isFinite(number) && String(value).replace(/[.-]/g, '').length <= 15)
  return isExact ? number.toLocaleString(undefined, { maximumFractionDigits }) : String(value)
}
