import type { BindingName, Filters, FormField } from '@channels-binding/core'
import { useDebounced, useDescribe } from '@channels-binding/core/react'
import Button from '@mui/material/Button'
import Stack, { type StackProps } from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { type JSX, useEffect, useRef, useState } from 'react'
import { FieldInput } from '../form/FieldInput.js'
import { componentOf } from '../form/registry.js'
import { type FieldComponent, InvalidValue } from '../form/types.js'
import { Guard } from '../Guard.js'
import { useTexts } from '../languages/texts.js'
import { ServerContext, serverOf } from '../stream.js'
import { fieldOf } from './fieldOf.js'
import { isUnset } from './isUnset.js'
import { FILTER_TEXTS, type FilterTexts } from './texts.js'

/** Values of filters, by their names. */
export type FilterValues = Readonly<Record<string, unknown>>

/** Props of `FilterPanel`. */
export interface FilterPanelProps<N extends BindingName> extends Omit<StackProps, 'onChange'> {
  /** The stream. */
  readonly binding: N
  readonly value: Partial<Filters<N>>
  readonly onChange: (value: Partial<Filters<N>>) => void
  /** Which filters, in which order. @default all that the server describes */
  readonly names?: readonly string[]
  /** Components for some filters, by name. */
  readonly components?: Readonly<Record<string, FieldComponent>>
  /** How long a value stands still before `onChange`, in milliseconds. @default 300 */
  readonly delayMs?: number
  readonly texts?: Partial<FilterTexts>
}

/** The filters that a stream declares, each as Django's form has it, applied as they are changed. */
export function FilterPanel<N extends BindingName>(props: FilterPanelProps<N>): JSX.Element {
  const { binding, value, onChange, names, components, delayMs = 300, texts, ...stack } = props
  const says = useTexts('filters', FILTER_TEXTS, texts)
  const { data: description } = useDescribe(binding)
  const [typed, change] = useSettling(value as FilterValues, onChange as (value: FilterValues) => void, delayMs)
  const all = description?.filters ?? []
  const shown = names ? names.flatMap(name => all.find(filter => filter.name === name) ?? []) : all
  const isSome = shown.some(({ name }) => !isUnset(typed[name]))
  const panel = (
    <Stack spacing={1.5} role="group" aria-label={says.filters} {...stack}>
      {shown.map(filter => {
        const field = fieldOf(filter, description)
        return (
          <FilterField
            key={filter.name}
            field={field}
            component={componentOf(field, components)}
            value={typed[filter.name]}
            onChange={next => change({ ...typed, [filter.name]: next })}
          />
        )
      })}
      {description && !shown.length && <Typography sx={{ color: 'text.secondary' }}>{says.none}</Typography>}
      {isSome && (
        <Button
          size="small"
          onClick={() =>
            change(Object.fromEntries(Object.entries(typed).filter(([name]) => !shown.some(f => f.name === name))))
          }
          sx={{ alignSelf: 'flex-start' }}
        >
          {says.clear}
        </Button>
      )}
    </Stack>
  )
  return <ServerContext.Provider value={serverOf(binding)}>{panel}</ServerContext.Provider>
}

interface FilterFieldProps {
  readonly field: FormField
  readonly component: FieldComponent
  readonly value: unknown
  readonly onChange: (value: unknown) => void
}

function FilterField({ field, component, value, onChange }: FilterFieldProps): JSX.Element {
  return (
    <Guard value={value} fallback={<Typography>{field.label}</Typography>}>
      <FieldInput
        component={component}
        field={field}
        value={value ?? (field.multiple ? [] : '')}
        onChange={onChange}
        onBlur={() => undefined}
        error={value instanceof InvalidValue ? value.message : undefined}
        disabled={false}
        inputRef={null}
      />
    </Guard>
  )
}

/** What is typed, which is told once it stands still; what others set takes its place. */
function useSettling(
  value: FilterValues,
  onChange: (value: FilterValues) => void,
  delayMs: number,
): readonly [FilterValues, (value: FilterValues) => void] {
  const [state, setState] = useState({ given: value, typed: value })
  if (state.given !== value) setState({ given: value, typed: value })
  const settled = useDebounced(state.typed, delayMs)
  const latest = useRef({ onChange, value })
  useEffect(() => {
    latest.current = { onChange, value }
  })
  const told = useRef(value)
  useEffect(() => {
    if (settled === told.current || settled === latest.current.value) return
    told.current = settled
    const set = Object.entries(settled).filter(([, each]) => !isUnset(each) && !(each instanceof InvalidValue))
    latest.current.onChange(Object.fromEntries(set))
  }, [settled])
  return [state.typed, typed => setState(before => ({ ...before, typed }))]
}
