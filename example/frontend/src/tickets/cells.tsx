import { useList } from '@channels-binding/core/react'
import type { TableRow } from '@channels-binding/mui/table'
import Box from '@mui/material/Box'
import Chip, { type ChipProps } from '@mui/material/Chip'
import type { GridRenderCellParams } from '@mui/x-data-grid'
import type { JSX } from 'react'

type CellProps = GridRenderCellParams<TableRow>

const STATUS_COLORS: Record<string, ChipProps['color']> = { open: 'info', pending: 'warning', solved: 'success' }

export function Status({ value, formattedValue }: CellProps): JSX.Element {
  return <Chip size="small" variant="outlined" color={STATUS_COLORS[value] ?? 'default'} label={formattedValue} />
}

const PRIORITY_COLORS: Record<string, string> = { high: 'warning.main', urgent: 'error.main', normal: 'info.main' }

export function Priority({ value, formattedValue }: CellProps): JSX.Element {
  return (
    <>
      <Dot color={PRIORITY_COLORS[value] ?? 'text.disabled'} />
      <Box component="span" sx={{ fontWeight: value === 'urgent' ? 700 : 400 }}>
        {formattedValue}
      </Box>
    </>
  )
}

/** Names and colours come from a live list that all cells share: a renamed tag is renamed in every row. */
export function Tags({ value }: CellProps): JSX.Element {
  const { rows } = useList('desk.Tag')
  const tags = rows.filter(tag => (value as readonly number[]).includes(tag.id))
  return (
    <span title={tags.map(tag => tag.name).join(', ')}>
      {tags.map(tag => (
        <Box key={tag.id} component="bdi" sx={{ mr: 1.25 }}>
          <Dot color={tag.color} />
          {tag.name}
        </Box>
      ))}
    </span>
  )
}

const IS_DONE = new Set<unknown>(['solved', 'closed'])

export function DueDate({ value, formattedValue, row }: CellProps): JSX.Element {
  const isLate = value instanceof Date && value < new Date() && !IS_DONE.has(row.status)
  return (
    <Box
      component="span"
      {...(isLate && { title: 'Overdue' })}
      sx={isLate ? { color: 'error.main', fontWeight: 600 } : {}}
    >
      {formattedValue}
    </Box>
  )
}

function Dot({ color }: { color: string }): JSX.Element {
  return (
    <Box
      component="span"
      sx={{ display: 'inline-block', width: 8, height: 8, borderRadius: '50%', bgcolor: color, mr: 0.75 }}
    />
  )
}
