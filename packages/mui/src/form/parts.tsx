import FormControl from '@mui/material/FormControl'
import FormHelperText from '@mui/material/FormHelperText'
import FormLabel from '@mui/material/FormLabel'
import Stack from '@mui/material/Stack'
import { type JSX, useId } from 'react'
import { DateField, DateTimeField } from './dates.js'
import { DecimalField, IntegerField, TextInputField } from './text.js'
import type { FieldComponent, FieldProps } from './types.js'

const BOUNDS: Readonly<Record<string, FieldComponent>> = {
  IntegerRangeField: IntegerField,
  DecimalRangeField: DecimalField,
  DateRangeField: DateField,
  DateTimeRangeField: DateTimeField,
}

/** A range of PostgreSQL: its first value, and the first that is beyond it. Either may be left open. */
export function RangeField(props: FieldProps): JSX.Element {
  const name = [props.field.type, ...(props.field.bases ?? [])].find(name => Object.hasOwn(BOUNDS, name))
  return <Parts {...props} of={name ? (BOUNDS[name] as FieldComponent) : TextInputField} labels={['from', 'to']} />
}

/** An array of a fixed length. */
export function SplitArrayField(props: FieldProps): JSX.Element {
  const labels = partsOf(props.value, 1).map((_, index) => String(index + 1))
  return <Parts {...props} of={TextInputField} labels={labels} />
}

/** A project's or a package's field of several inputs: one for each, where the value has them apart, else one text. */
export function SeveralInputsField(props: FieldProps): JSX.Element {
  return Array.isArray(props.value) ? <SplitArrayField {...props} /> : <TextInputField {...props} />
}

interface PartsProps extends FieldProps {
  readonly of: FieldComponent
  readonly labels: readonly string[]
}

/** One input for each part of a list. */
function Parts({ of: Part, labels, ...props }: PartsProps): JSX.Element {
  const { field, value, onChange, error, disabled, inputRef } = props
  const id = useId()
  const values = partsOf(value, labels.length)
  const change = (index: number, part: unknown): void =>
    onChange(values.map((old, position) => (position === index ? part : old)))
  return (
    <FormControl fullWidth role="group" aria-labelledby={id} error={error !== undefined} disabled={disabled}>
      <FormLabel id={id} sx={{ mb: 1 }}>
        {field.label}
      </FormLabel>
      <Stack direction="row" spacing={1}>
        {labels.map((label, index) => (
          <Part
            {...props}
            key={label}
            field={{ ...field, label: `${field.label} ${label}`, help_text: '', required: false, attrs: {} }}
            value={values[index]}
            onChange={part => change(index, part)}
            error={undefined}
            inputRef={index === 0 ? inputRef : null}
          />
        ))}
      </Stack>
      <FormHelperText>{error ?? field.help_text}</FormHelperText>
    </FormControl>
  )
}

const partsOf = (value: unknown, least: number): unknown[] => {
  const parts = Array.isArray(value) ? [...value] : []
  while (parts.length < least) parts.push(null)
  return parts
}
