import type { BindingName, Description, Filters, SearchParams } from '@channels-binding/core'
import { useDebounced, useDescribe, useRetrieve, useSearch } from '@channels-binding/core/react'
import Autocomplete from '@mui/material/Autocomplete'
import TextField from '@mui/material/TextField'
import { type JSX, type ReactNode, type Ref, Suspense, type UIEvent, useEffect, useRef, useState } from 'react'
import type { FormOfAny } from './AddDialog.js'
import { useTexts } from './languages/texts.js'
import { late } from './late.js'
import { MODAL_TEXTS } from './modalTexts.js'
import { useSteadyList } from './steadyList.js'
import { labelOf, NAMES, textOf } from './text.js'

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
  /** The form by which a row that is missing can be added, where the server lets this user: `creatable={BindingForm}`. */
  readonly creatable?: FormOfAny | undefined
  /** How many rows are offered to begin with; more come as the list is scrolled. @default 20 */
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

/** The last option, where a row that is missing can be made. */
const ADD: ModelKey = '\0add'

const QUERY_DELAY_MS = 250
/** By how much more rows are read each time the end of the list is seen. */
const GROWTH = 4
/** How far from its end, in pixels, the list reads more. */
const NEAR_PX = 80

const AddDialog = late(() => import('./AddDialog.js').then(found => found.default))

/** Chooses rows of a stream by typing; asks the server only while it is open. */
export function ModelAutocomplete<N extends BindingName>(props: ModelAutocompleteProps<N>): JSX.Element {
  const { binding, value, onChange, multiple = false, creatable, getOptionLabel = textOf } = props
  const says = useTexts('modals', MODAL_TEXTS)
  const [isOpen, setOpen] = useState(false)
  const { onOpen, popper, paper, maxHeight } = useSteadyList()
  const [query, setQuery] = useState('')
  const [adding, setAdding] = useState<string | null>(null)
  const [known, setKnown] = useState<ReadonlyMap<string, string>>(new Map())
  const { data: description } = useDescribe(binding, { enabled: isOpen })
  const { rows, isFetching, listbox } = useOffered(props, query, isOpen, description)
  const keys = keysOf(value)
  const missing = keys.find(key => !known.has(String(key)) && labelOf(props.labels, key) === undefined)
  const { data: found } = useRetrieve(binding, missing, { live: false })

  const options = rows.map(row => ({ id: row.id, text: getOptionLabel(row) }))
  const optionOf = (id: ModelKey): Option => {
    const live = options.find(option => option.id === id)?.text ?? known.get(String(id)) ?? labelOf(props.labels, id)
    const text = live ?? (found && id === missing ? getOptionLabel(found as Record<string, unknown>) : `#${id}`)
    return { id, text }
  }
  const choose = (chosen: readonly Option[]): void => {
    if (chosen.some(({ id }) => id === ADD)) return setAdding(query)
    setKnown(was => new Map([...was, ...chosen.map(({ id, text }): [string, string] => [String(id), text])]))
    const ids = chosen.map(option => option.id)
    onChange(multiple ? ids : (ids[0] ?? null))
  }
  const selected = keys.map(optionOf)
  const what = description?.label ?? ''
  const isCreatable = creatable && description?.can.create && description.actions.includes('form')
  const isSearched = description?.search !== false
  return (
    <>
      <Autocomplete<Option, boolean>
        multiple={multiple}
        value={multiple ? selected : (selected[0] ?? null)}
        onChange={(_event, chosen) => choose(chosen === null ? [] : [chosen].flat())}
        open={isOpen}
        onOpen={event => {
          onOpen(event)
          setOpen(true)
        }}
        onClose={() => setOpen(false)}
        onInputChange={(_event, text, reason) => setQuery(reason === 'input' ? text : '')}
        options={isCreatable ? [...options, { id: ADD, text: says.add(what) }] : options}
        loading={isFetching}
        noOptionsText={says.noMatch}
        filterOptions={all => (isSearched ? all : all.filter(option => option.id === ADD || fits(option.text, query)))}
        getOptionLabel={option => option.text}
        // Below other rows it is another element: it does not wander through the list.
        getOptionKey={({ id }) => (id === ADD ? `${ADD}${options.length}` : id)}
        isOptionEqualToValue={(option, chosen) => option.id === chosen.id}
        disabled={props.disabled ?? false}
        slotProps={{ listbox: { ...listbox, style: { maxHeight } }, popper, paper }}
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
      {creatable && adding !== null && (
        <Suspense>
          <AddDialog
            form={creatable}
            title={says.add(what)}
            binding={binding}
            initial={initialOf(description, adding)}
            onClose={() => setAdding(null)}
            onAdd={row => {
              const made = row as Record<string, unknown> & { readonly id: ModelKey }
              choose([...(multiple ? selected : []), { id: made.id, text: getOptionLabel(made) }])
            }}
          />
        </Suspense>
      )}
    </>
  )
}

type OfferedRow = Readonly<Record<string, unknown>> & { readonly id: ModelKey }

interface Offered {
  readonly rows: readonly OfferedRow[]
  readonly isFetching: boolean
  /** What the list needs to read more when its end is seen. */
  readonly listbox: { readonly onScroll: (event: UIEvent<HTMLElement>) => void }
}

/** The rows that fit what is typed, and more of them as the list is scrolled: every row can be reached. */
function useOffered<N extends BindingName>(
  { binding, filters, limit = 20 }: ModelAutocompleteProps<N>,
  typed: string,
  isOpen: boolean,
  description: Description | undefined,
): Offered {
  const query = useDebounced(typed, QUERY_DELAY_MS)
  const isSearched = description?.search !== false
  const [size, setSize] = useState({ query, limit })
  if (size.query !== query) setSize({ query, limit })
  const most = description?.max_page_size ?? limit
  // A stream that cannot be searched is read as far as it goes, once something is typed.
  const asked = !isSearched && typed ? most : Math.min(size.limit, most)
  const params = { ...(isSearched && { query }), limit: asked, ...(filters && { filters }) }
  const { rows, count, isFetching } = useSearch(binding, params as SearchParams<N>, { enabled: isOpen })
  const place = useRef<{ list: HTMLElement; top: number } | null>(null)
  // The list goes to its top whenever it has other options; more of the same are none.
  useEffect(() => {
    const { list, top } = place.current ?? {}
    if (list && rows.length > 0) list.scrollTop = top ?? 0
  }, [rows.length])
  const onScroll = ({ currentTarget: list }: UIEvent<HTMLElement>): void => {
    const isNear = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX
    if (!isNear || isFetching || rows.length >= (count ?? 0) || size.limit >= most) return
    place.current = { list, top: list.scrollTop }
    setSize({ query, limit: size.limit * GROWTH })
  }
  return { rows: rows as unknown as readonly OfferedRow[], isFetching, listbox: { onScroll } }
}

const fits = (text: string, query: string): boolean => text.toLowerCase().includes(query.toLowerCase())

/** What was typed, in the field that names a row. */
function initialOf(description: Description | undefined, text: string): Record<string, unknown> {
  const names = description?.fields.filter(field => field.editable !== false).map(field => field.name) ?? []
  const name = NAMES.find(each => names.includes(each))
  return name && text ? { [name]: text } : {}
}

const keysOf = (value: ModelAutocompleteProps['value']): readonly ModelKey[] =>
  value === null || value === undefined || value === '' ? [] : [value as ModelKey | ModelKey[]].flat()
