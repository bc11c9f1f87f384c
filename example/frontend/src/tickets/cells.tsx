import { useList } from '@channels-binding/core/react'
import type { TableRow } from '@channels-binding/mui/table'
import Chip, { type ChipProps } from '@mui/material/Chip'
import type { GridRenderCellParams } from '@mui/x-data-grid'
import type { JSX } from 'react'

type CellProps = GridRenderCellParams<TableRow>

const STATUS_COLORS: Record<string, ChipProps['color']> = { open: 'info', pending: 'warning', solved: 'success' }

export function Status({ value, formattedValue }: CellProps): JSX.Element {
  return <Chip size="small" variant="outlined" color={STATUS_COLORS[value] ?? 'default'} label={formattedValue} />
}

// Cells are many: plain elements, with the theme's colours as variables of CSS, cost a tenth of styled ones.
const PRIORITY_COLORS: Record<string, string> = { high: 'warning-main', urgent: 'error-main', normal: 'info-main' }
const themed = (color: string): string => `var(--mui-palette-${color})`

export function Priority({ value, formattedValue }: CellProps): JSX.Element {
  return (
    <bdi style={value === 'urgent' ? BOLD : undefined}>
      <Dot color={themed(PRIORITY_COLORS[value] ?? 'text-disabled')} />
      {GAP}
      {formattedValue}
    </bdi>
  )
}

/** Names and colours come from a live list that all cells share: a renamed tag is renamed in every row. */
export function Tags({ value }: CellProps): JSX.Element {
  const { rows } = useList('desk.Tag')
  const tags = rows.filter(tag => (value as readonly number[]).includes(tag.id))
  return (
    <span title={tags.map(tag => tag.name).join(', ')}>
      {tags.map(tag => (
        <bdi key={tag.id} style={TAG}>
          <Dot color={tag.color} />
          {GAP}
          {tag.name}
        </bdi>
      ))}
    </span>
  )
}

const IS_DONE = new Set<unknown>(['solved', 'closed'])

export function DueDate({ value, formattedValue, row }: CellProps): JSX.Element {
  const isLate = value instanceof Date && value < new Date() && !IS_DONE.has(row.status)
  return (
    <span title={isLate ? 'Overdue' : undefined} style={isLate ? LATE : undefined}>
      {formattedValue}
    </span>
  )
}

function Dot({ color }: { color: string }): JSX.Element {
  return <span style={{ ...DOT, background: color }} />
}

/** A space, for it stands beside the dot from whichever side the text is read. */
const GAP = '\u2002'
const BOLD = { fontWeight: 700 }
const TAG = { marginInlineEnd: 10 }
const LATE = { color: themed('error-main'), fontWeight: 600 }
const DOT = {
  display: 'inline-block',
  width: 8,
  height: 8,
  borderRadius: '50%',
  outline: `1px solid ${themed('action-disabled')}`, // a dark tag on dark paper
}
