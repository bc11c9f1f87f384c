import type { Description } from '@channels-binding/core'
import { FilterPanel, SearchBar } from '@channels-binding/mui'
import { BindingTable, type TableRow } from '@channels-binding/mui/table'
import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Link from '@mui/material/Link'
import TextField from '@mui/material/TextField'
import type { GridColDef } from '@mui/x-data-grid'
import { type FormEvent, type JSX, useMemo, useState } from 'react'
import { useExplorer } from '../context'
import { AddIcon } from '../icons'
import type { OfferedStream } from '../server'
import { Waiting } from '../shell/Waiting'
import { RowDrawer } from './RowDrawer'

type Column = GridColDef<TableRow>

/** Least widths of columns whose values are long. */
const WIDTHS: Readonly<Record<string, number>> = { string: 180, text: 240, datetime: 190, json: 180, uuid: 290 }

/** Values of filters, by their names. */
type Values = Readonly<Record<string, unknown>>

/** The row that is open: its key, `null` for a new one; `undefined` while none is. */
type Opened = string | number | null | undefined

/** The rows of a stream as they are now and as they change, and the form of each. */
export default function Rows(props: {
  readonly offered: OfferedStream
  readonly description: Description | undefined
}): JSX.Element {
  const { offered, description } = props
  const { nonce } = useExplorer()
  const [opened, setOpened] = useState<Opened>(undefined)
  const [query, setQuery] = useState('')
  const [filters, setFilters] = useState<Values>({})
  const names = new Set(offered.actions.map(({ name }) => name))
  const columns = useMemo(() => columnsOf(description, setOpened), [description])
  if (!description) return <Waiting />
  const canAdd = description.can.create && names.has('form')
  return (
    <>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, mb: 1.5, alignItems: 'center' }}>
        {description.search && names.has('search') && <SearchBar onChange={setQuery} />}
        {names.has('search') && <Filters description={description} value={filters} onChange={setFilters} />}
        {!names.has('search') && <OpenByKey onOpen={setOpened} />}
        <Box sx={{ flex: 1 }} />
        {canAdd && (
          <Button variant="contained" startIcon={<AddIcon />} onClick={() => setOpened(null)}>
            Add {description.label}
          </Button>
        )}
      </Box>
      {names.has('search') ? (
        <Box sx={{ flex: 1, minHeight: 320, height: { xs: 560, md: 0 }, bgcolor: 'background.paper' }}>
          <BindingTable
            key={offered.stream}
            binding={offered.stream}
            filters={filters}
            query={query}
            editable={description.can.update && (names.has('update') || names.has('save'))}
            columns={columns}
            density="compact"
            {...(nonce && { nonce })}
          />
        </Box>
      ) : (
        <Alert severity="info">This stream offers no search: a row is opened by its key.</Alert>
      )}
      <RowDrawer
        offered={offered}
        description={description}
        id={opened ?? null}
        open={opened !== undefined}
        onClose={() => setOpened(undefined)}
      />
    </>
  )
}

/** The key, by which a row is opened, and every field. */
function columnsOf(description: Description | undefined, onOpen: (id: string | number) => void): Column[] {
  const fields = description?.fields.filter(({ name }) => name !== 'id' && name !== description.pk) ?? []
  const key: Column = {
    field: 'id',
    headerName: description?.pk ?? 'id',
    width: 96,
    flex: 0,
    editable: false,
    align: 'left',
    headerAlign: 'left',
    sortable: description?.ordering.includes('id') ?? false,
    renderCell: ({ id, tabIndex }) => (
      <Link component="button" tabIndex={tabIndex} onClick={() => onOpen(id)} title="Open this row" noWrap>
        {String(id)}
      </Link>
    ),
  }
  return [key, ...fields.map(({ name, type }) => ({ field: name, minWidth: WIDTHS[type] ?? 110 }))]
}

interface FiltersProps {
  readonly description: Description
  readonly value: Values
  readonly onChange: (value: Values) => void
}

function Filters({ description, value, onChange }: FiltersProps): JSX.Element | null {
  const [isOpen, setOpen] = useState(false)
  const used = Object.keys(value).length
  if (!description.filters.length) return null
  return (
    <>
      <Button aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        Filters{used ? ` (${used})` : ''}
      </Button>
      {isOpen && (
        <FilterPanel
          binding={description.stream}
          value={value}
          onChange={onChange}
          direction="row"
          useFlexGap
          sx={FILTERS}
        />
      )}
    </>
  )
}

const FILTERS = { order: 1, flexBasis: '100%', flexWrap: 'wrap', '& > *': { width: { xs: '100%', sm: 230 } } }

function OpenByKey({ onOpen }: { readonly onOpen: (id: string) => void }): JSX.Element {
  const [key, setKey] = useState('')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onOpen(key)
  }
  return (
    <Box component="form" onSubmit={submit} sx={{ display: 'flex', gap: 1 }}>
      <TextField size="small" label="Key" value={key} onChange={event => setKey(event.target.value)} />
      <Button type="submit" disabled={!key} variant="outlined">
        Open
      </Button>
    </Box>
  )
}
