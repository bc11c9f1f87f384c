import type { BindingName, Description, Filters, FormField } from '@channels-binding/core'
import { useDescribe, useRetrieve } from '@channels-binding/core/react'
import Chip from '@mui/material/Chip'
import Stack, { type StackProps } from '@mui/material/Stack'
import type { JSX } from 'react'
import { valueText } from '../form/useTouched.js'
import { useTexts } from '../languages/texts.js'
import { namedBy, serverOf } from '../stream.js'
import { textOf } from '../text.js'
import { fieldOf } from './fieldOf.js'
import { isUnset } from './isUnset.js'
import { FILTER_TEXTS, type FilterTexts } from './texts.js'

/** Props of `FilterChips`. */
export interface FilterChipsProps<N extends BindingName> extends Omit<StackProps, 'onChange'> {
  /** The stream. */
  readonly binding: N
  readonly value: Partial<Filters<N>>
  readonly onChange: (value: Partial<Filters<N>>) => void
  readonly texts?: Partial<FilterTexts>
}

/** What the rows are filtered by, each of which can be taken away. */
export function FilterChips<N extends BindingName>(props: FilterChipsProps<N>): JSX.Element | null {
  const { binding, value, onChange, texts, ...stack } = props
  const { data: description } = useDescribe(binding)
  const says = useTexts('filters', FILTER_TEXTS, texts)
  const set = Object.entries(value as Readonly<Record<string, unknown>>).filter(([, each]) => !isUnset(each))
  if (!set.length) return null
  const without = (name: string): Partial<Filters<N>> =>
    Object.fromEntries(set.filter(([each]) => each !== name)) as Partial<Filters<N>>
  return (
    <Stack direction="row" useFlexGap spacing={0.5} sx={{ flexWrap: 'wrap' }} {...stack}>
      {set.map(([name, each]) => (
        <FilterChip
          key={name}
          name={name}
          field={fieldNamed(name, description)}
          server={serverOf(binding)}
          value={each}
          says={says}
          onDelete={() => onChange(without(name))}
        />
      ))}
    </Stack>
  )
}

function fieldNamed(name: string, description: Description | undefined): FormField | undefined {
  const filter = description?.filters.find(filter => filter.name === name)
  return filter && fieldOf(filter, description)
}

interface FilterChipProps {
  readonly name: string
  readonly field: FormField | undefined
  readonly server: string
  readonly value: unknown
  readonly says: FilterTexts
  readonly onDelete: () => void
}

function FilterChip({ name, field, server, value, says, onDelete }: FilterChipProps): JSX.Element {
  const label = field?.label ?? name
  const relation = field?.relation
  const isOneRow = relation !== undefined && !Array.isArray(value)
  const { data } = useRetrieve(namedBy(server, relation?.stream ?? ''), isOneRow ? (value as string) : null, {
    live: false,
  })
  const text = data
    ? textOf(data as Readonly<Record<string, unknown>>)
    : (wordOf(value, says) ?? valueText(field, value))
  return (
    <Chip
      size="small"
      label={`${label}: ${text}`}
      onDelete={onDelete}
      slotProps={{ root: { 'aria-label': says.remove(`${label}: ${text}`) } }}
    />
  )
}

const wordOf = (value: unknown, says: FilterTexts): string | null =>
  typeof value === 'boolean' ? (value ? says.yes : says.no) : null
