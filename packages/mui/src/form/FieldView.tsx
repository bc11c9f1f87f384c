import type { FormField } from '@channels-binding/core'
import type { JSX } from 'react'
import { type Control, Controller } from 'react-hook-form'
import { optionsOf } from './choices.js'
import { type FieldComponent, InvalidValue } from './types.js'
import type { FormValues } from './values.js'

export interface FieldViewProps {
  /** Where the form keeps its value. */
  readonly name: string
  readonly field: FormField
  readonly control: Control<FormValues>
  readonly component: FieldComponent
  readonly onEdit: () => void
}

/** One field, drawn by its component and kept by the form. */
export function FieldView({ name, field, control, component: Component, onEdit }: FieldViewProps): JSX.Element {
  return (
    <Controller
      name={name}
      control={control}
      rules={{ validate: value => (value instanceof InvalidValue ? value.message : true) }}
      render={({ field: { value, onChange, onBlur, ref }, fieldState: { error } }) => (
        <Component
          field={field.truncated ? withHint(field) : field}
          value={value}
          onChange={next => {
            onEdit()
            onChange(next)
          }}
          onBlur={onBlur}
          error={error?.message}
          disabled={field.disabled ?? false}
          inputRef={ref}
        />
      )}
    />
  )
}

/** No stream can be searched for what is left out, so at least it is said. */
function withHint(field: FormField): FormField {
  const offered = optionsOf(field).filter(option => option.value !== '').length
  return { ...field, help_text: `${field.help_text ?? ''} There are more than the ${offered} that are offered.`.trim() }
}
