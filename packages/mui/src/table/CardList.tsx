import type { Labels } from '@channels-binding/core'
import Box from '@mui/material/Box'
import Card from '@mui/material/Card'
import CardContent from '@mui/material/CardContent'
import Checkbox from '@mui/material/Checkbox'
import Skeleton from '@mui/material/Skeleton'
import Stack from '@mui/material/Stack'
import TablePagination from '@mui/material/TablePagination'
import Typography from '@mui/material/Typography'
import { type JSX, memo, useContext } from 'react'
import { plainText, relationText } from '../text.js'
import { LabelsContext } from './columns.js'
import { TableContext, type TableWorld } from './context.js'
import { EmptyOverlay } from './overlays.js'
import type { TableColumn, TableRow } from './row.js'
import { ActionButtons, type ActionsContext } from './rowActions.js'

interface CardListProps {
  readonly label: string
  readonly rows: readonly TableRow[]
  readonly page: number
  readonly isLoading: boolean
  readonly isSelectable: boolean
  readonly actions: ActionsContext
  readonly onOpen: ((row: TableRow) => void) | undefined
}

/** The rows as cards, for screens on which a table has no room: the first column is the heading, the others stand below it. */
export default function CardList(props: CardListProps): JSX.Element | null {
  const world = useContext(TableContext)
  if (!world) return null
  const { label, rows, isLoading, page, isSelectable, actions, onOpen } = props
  const { state, count } = world
  return (
    <Stack sx={{ flex: 1, minHeight: 0 }}>
      <Stack
        component="ul"
        aria-label={label}
        spacing={1}
        sx={{ flex: 1, overflowY: 'auto', m: 0, p: 1, listStyle: 'none' }}
      >
        {rows.map(row => (
          <RowCard
            key={row.id}
            row={row}
            world={world}
            isChosen={world.bulk.ids.includes(row.id)}
            isSelectable={isSelectable}
            actions={actions}
            onOpen={onOpen}
          />
        ))}
        {!rows.length &&
          (isLoading ? (
            [0, 1, 2].map(each => <Skeleton key={each} component="li" variant="rounded" height={96} />)
          ) : (
            <Box component="li" sx={{ height: 200 }}>
              <EmptyOverlay />
            </Box>
          ))}
      </Stack>
      <TablePagination
        component="div"
        count={count}
        page={Math.min(page - 1, Math.max(0, Math.ceil(count / state.pageSize) - 1))}
        rowsPerPage={state.pageSize}
        rowsPerPageOptions={[]}
        onPageChange={(_event, next) => state.change({ page: next + 1 })}
        sx={{ borderTop: 1, borderColor: 'divider', flexShrink: 0 }}
      />
    </Stack>
  )
}

interface RowCardProps extends Pick<CardListProps, 'isSelectable' | 'actions' | 'onOpen'> {
  readonly row: TableRow
  readonly world: TableWorld
  readonly isChosen: boolean
}

/** One row; where another one changed, it does not render. */
const RowCard = memo(function RowCard(props: RowCardProps): JSX.Element {
  const { row, world, isChosen, isSelectable, actions, onOpen } = props
  const { bulk, texts, visibility } = world
  const labels = useContext(LabelsContext)
  const shown = world.columns.filter(column => column.type !== 'actions' && visibility[column.field] !== false)
  // A name says more than the number that is often the first column.
  const head = shown.find(({ described }) => described?.type === 'string') ?? shown[0]
  const rest = shown.filter(column => column !== head)
  const title = (head && textOf(head, row, labels)) || `#${row.id}`
  const choose = (): void => bulk.select(isChosen ? bulk.ids.filter(id => id !== row.id) : [...bulk.ids, row.id])
  return (
    <Card component="li" data-id={row.id} variant="outlined" sx={{ flexShrink: 0 }}>
      <CardContent sx={{ p: 1.5, '&:last-child': { pb: 1.5 } }}>
        <Stack direction="row" spacing={1} sx={{ alignItems: 'flex-start' }}>
          {isSelectable && (
            <Checkbox
              size="small"
              checked={isChosen}
              onChange={choose}
              slotProps={{ input: { 'aria-label': texts.select(title) } }}
              sx={{ p: 0.5 }}
            />
          )}
          <Typography
            variant="subtitle1"
            component={onOpen ? 'button' : 'h3'}
            onClick={onOpen && (() => onOpen(row))}
            sx={HEADING}
          >
            {title}
          </Typography>
          <ActionButtons row={row} context={actions} />
        </Stack>
        <Box component="dl" sx={DETAILS}>
          {rest.map(column => (
            <Detail key={column.field} label={column.headerName ?? column.field} text={textOf(column, row, labels)} />
          ))}
        </Box>
      </CardContent>
    </Card>
  )
})

function Detail({ label, text }: { readonly label: string; readonly text: string }): JSX.Element | null {
  if (!text) return null
  return (
    <>
      <Typography component="dt" variant="body2" sx={{ color: 'text.secondary' }}>
        {label}
      </Typography>
      <Typography component="dd" variant="body2" sx={VALUE}>
        {text}
      </Typography>
    </>
  )
}

type Maker = ((...args: unknown[]) => unknown) | undefined

/** What a column shows of a row, in words. */
function textOf(column: TableColumn, row: TableRow, labels: Labels | undefined): string {
  if (column.described?.relation) return relationText(row[column.field], labels?.[column.field])
  const get = column.valueGetter as Maker
  const format = column.valueFormatter as Maker
  const value = get ? get(row[column.field], row, column, null) : row[column.field]
  return format ? plainText(format(value, row, column, null)) : plainText(value)
}

const HEADING = {
  flex: 1,
  m: 0,
  p: 0,
  border: 0,
  bgcolor: 'transparent',
  color: 'inherit',
  font: 'inherit',
  fontWeight: 600,
  textAlign: 'left', // as the page reads, which MUI mirrors
  unicodeBidi: 'plaintext',
  overflowWrap: 'anywhere',
} as const

const VALUE = { m: 0, textAlign: 'left', unicodeBidi: 'plaintext', overflowWrap: 'anywhere' } as const

const DETAILS = {
  display: 'grid',
  gridTemplateColumns: 'minmax(80px, auto) 1fr',
  columnGap: 1.5,
  rowGap: 0.25,
  m: 0,
  mt: 0.5,
} as const
