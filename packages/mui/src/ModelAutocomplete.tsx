import type { BindingName, Filters, SearchParams } from '@channels-binding/core'
import { useDebounced, useRetrieve, useSearch } from '@channels-binding/core/react'
import Autocomplete from '@mui/material/Autocomplete'
import TextField from '@mui/material/TextField'
import { type JSX, type ReactNode, type Ref, useState } from 'react'
import { textOf } from './text.js'

/** A primary key. */
export type ModelKey = string | number

/** Props of `ModelAutocomplete`. */
export interface ModelAutocompleteProps<N extends BindingName = BindingName> {
  /** The stream to choose from. */
  readonly binding: N
  /** The chosen key, or the keys where `multiple`. */
  readonly value: ModelKey | readonly ModelKey[] | null
  readonly onChange: (value: ModelKey | ModelKey[] | null) => void
  readonly onBlur?: () => void
  readonly multiple?: boolean
  readonly filters?: Partial<Filters<N>>
  /** The texts of the chosen rows by key, where they are known. */
  readonly labels?: Readonly<Record<string, string>>
  /** What stands for a row. @default its `label`, `name`, `title` or `username` */
  readonly getOptionLabel?: (row: Readonly<Record<string, unknown>>) => string
  /** How many rows are offered at a time. @default 20 */
  readonly limit?: number
  readonly label?: ReactNode
  readonly required?: boolean
  readonly disabled?: boolean
  readonly error?: boolean
  readonly helperText?: ReactNode
  readonly inputRef?: Ref<HTMLInputElement>
}

interface Option {
  readonly id: ModelKey
  readonly text: string
}

const QUERY_DELAY_MS = 250

/** Chooses rows of a stream by typing; asks the server only while it is open. */
export function ModelAutocomplete<N extends BindingName>(props: ModelAutocompleteProps<N>): JSX.Element {
  const { binding, value, onChange, multiple = false, limit = 20, getOptionLabel = textOf } = props
  const [isOpen, setOpen] = useState(false)
  const [query, setQuery] = useState('')
  const [known, setKnown] = useState<ReadonlyMap<string, string>>(new Map())
  const params = { query: useDebounced(query, QUERY_DELAY_MS), limit, ...(props.filters && { filters: props.filters }) }
  const { rows, isFetching } = useSearch(binding, params as SearchParams<N>, { enabled: isOpen })
  const keys = keysOf(value)
  const missing = keys.find(key => !known.has(String(key)) && props.labels?.[String(key)] === undefined)
  const { data: found } = useRetrieve(binding, missing, { live: false })

  const options = rows.map(row => ({
    id: (row as { id: ModelKey }).id,
    text: getOptionLabel(row as Record<string, unknown>),
  }))
  const optionOf = (id: ModelKey): Option => {
    const live = options.find(option => option.id === id)?.text ?? known.get(String(id)) ?? props.labels?.[String(id)]
    const text = live ?? (found && id === missing ? getOptionLabel(found as Record<string, unknown>) : `#${id}`)
    return { id, text }
  }
  const choose = (chosen: readonly Option[]): void => {
    setKnown(was => new Map([...was, ...chosen.map(({ id, text }): [string, string] => [String(id), text])]))
    const ids = chosen.map(option => option.id)
    onChange(multiple ? ids : (ids[0] ?? null))
  }
  const selected = keys.map(optionOf)
  return (
    <Autocomplete<Option, boolean>
      multiple={multiple}
      value={multiple ? selected : (selected[0] ?? null)}
      onChange={(_event, chosen) => choose(chosen === null ? [] : [chosen].flat())}
      open={isOpen}
      onOpen={() => setOpen(true)}
      onClose={() => setOpen(false)}
      onInputChange={(_event, text, reason) => setQuery(reason === 'input' ? text : '')}
      options={options}
      loading={isFetching}
      noOptionsText="No matches"
      filterOptions={all => all}
      getOptionLabel={option => option.text}
      getOptionKey={option => option.id}
      isOptionEqualToValue={(option, chosen) => option.id === chosen.id}
      disabled={props.disabled ?? false}
      {...(props.onBlur && { onBlur: props.onBlur })}
      renderInput={input => (
        <TextField
          {...input}
          label={props.label}
          required={props.required ?? false}
          error={props.error ?? false}
          helperText={props.helperText}
          {...(props.inputRef && { inputRef: props.inputRef })}
        />
      )}
    />
  )
}

const keysOf = (value: ModelAutocompleteProps['value']): readonly ModelKey[] =>
  value === null || value === undefined || value === '' ? [] : [value as ModelKey | ModelKey[]].flat()
