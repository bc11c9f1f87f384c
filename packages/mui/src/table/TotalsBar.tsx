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

/** Measures over all rows of the query, on all pages, live, but for those whose deletion can still be undone; none where the stream does not offer them. */
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
  const { gone } = world.bulk
  const isLessened = gone.length > 0 && gone.length <= MOST_EXCLUDED
  const all = { measures, ...(filters && { filters }), ...(query && { query }) }
  useAggregate(world.binding as never, all as never) // stays live, for it is shown again at once
  const asked = isLessened ? { ...all, exclude: gone } : all
  const { rows, isPlaceholderData } = useAggregate(world.binding as never, asked as never)
  const [row] = rows as readonly Readonly<Record<string, unknown>>[]
  const shownOf = (measure: string): unknown =>
    row && measure === 'count' && !(isLessened && !isPlaceholderData) ? world.count : row?.[measure]
  return (
    <Stack direction="row" spacing={3} role="group" aria-label={world.texts.totals} tabIndex={0} sx={BAR}>
      {measures.map(measure => (
        <Typography key={measure} variant="body2" noWrap sx={{ flexShrink: 0 }}>
          {labelOf(measure, world)} <b>{totalText(shownOf(measure), measure.startsWith('avg:'))}</b>
        </Typography>
      ))}
    </Stack>
  )
}

/** As many keys as the protocol lets an aggregate leave out (§2.3). */
const MOST_EXCLUDED = 1_000

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

/** Places of an average of decimals beyond those of their column (protocol §2.3). */
const AVERAGE_PLACES = 4

/** `'3619736.30'` → `3,619,736.30`: a decimal has the places of its column, and stays text where a digit would be lost. */
function totalText(value: unknown, isAverage: boolean): string {
  if (value === null || value === undefined) return '–'
  const places = typeof value === 'string' ? (value.split('.')[1]?.length ?? 0) : 0
  const own = Math.min(Math.max(places - (isAverage ? AVERAGE_PLACES : 0), 0), 20)
  const maximumFractionDigits = Math.max(own, isAverage ? 2 : 6)
  const number = Number(value)
  const isExact =
    typeof value === 'number' || (Number.isFinite(number) && String(value).replace(/[.-]/g, '').length <= 15)
  const minimumFractionDigits = own
  return isExact ? number.toLocaleString(undefined, { minimumFractionDigits, maximumFractionDigits }) : String(value)
}
