import type { Filters as BindingFilters } from '@channels-binding/core'
import { useDescribe, useList } from '@channels-binding/core/react'
import { SearchBar } from '@channels-binding/mui'
import Button from '@mui/material/Button'
import MenuItem from '@mui/material/MenuItem'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import { type JSX, memo } from 'react'
import { AddIcon } from '../icons'

/** What narrows the table; the names are those of the binding's filters. */
export type TicketFilters = Partial<Pick<BindingFilters<'desk.Ticket'>, 'status' | 'priority' | 'group'>>

interface FiltersProps {
  readonly filters: TicketFilters
  readonly onFilter: (filters: TicketFilters) => void
  readonly onSearch: (query: string) => void
  readonly onNew: () => void
}

/** Search, filters and "New ticket"; the choices are the server's. */
export function Filters({ filters, onFilter, onSearch, onNew }: FiltersProps): JSX.Element {
  const { data: description } = useDescribe('desk.Ticket')
  const { rows: teams } = useList('auth.Group')
  const choicesOf = (name: string) => description?.fields.find(field => field.name === name)?.choices ?? []
  const set = (name: keyof TicketFilters, value: string | number): void => {
    const { [name]: _old, ...others } = filters
    onFilter(value === '' ? others : { ...others, [name]: value })
  }
  return (
    <Stack direction="row" useFlexGap spacing={1.5} sx={{ flexWrap: 'wrap', alignItems: 'center' }}>
      <SearchBar label="Search tickets" onChange={onSearch} sx={{ width: { xs: '100%', sm: 260 } }} />
      <Choice
        label="Status"
        value={filters.status}
        choices={choicesOf('status')}
        onChange={value => set('status', value)}
      />
      <Choice
        label="Priority"
        value={filters.priority}
        choices={choicesOf('priority')}
        onChange={value => set('priority', value)}
      />
      <Choice
        label="Team"
        value={filters.group}
        choices={teams.map(team => ({ value: team.id, label: team.name }))}
        onChange={value => set('group', value)}
      />
      {Object.keys(filters).length > 0 && <Button onClick={() => onFilter({})}>Clear filters</Button>}
      <Button variant="contained" startIcon={<AddIcon />} onClick={onNew} sx={{ ml: 'auto' }}>
        New ticket
      </Button>
    </Stack>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string | number | undefined
  readonly choices: readonly { readonly value: unknown; readonly label: string }[]
  readonly onChange: (value: string | number) => void
}

const Choice = memo(function Choice({ label, value = '', choices, onChange }: ChoiceProps): JSX.Element {
  return (
    <TextField
      select
      size="small"
      label={label}
      value={choices.length ? value : ''}
      onChange={event => onChange(event.target.value)}
      sx={{ minWidth: 104, flexGrow: { xs: 1, sm: 0 } }}
    >
      <MenuItem value="">All</MenuItem>
      {choices.map(choice => (
        <MenuItem key={choice.label} value={choice.value as string}>
          {choice.label}
        </MenuItem>
      ))}
    </TextField>
  )
})
