import type { FormField } from '@channels-binding/core'
import Alert from '@mui/material/Alert'
import type { JSX } from 'react'
import { type Control, Controller } from 'react-hook-form'
import { Guard } from '../Guard.js'
import { useTexts } from '../languages/texts.js'
import { check } from './checks.js'
import { FieldInput } from './FieldInput.js'
import { FORM_TEXTS, type FormTexts } from './formTexts.js'
import { type FieldComponent, InvalidValue } from './types.js'
import type { FormValues } from './values.js'

export interface FieldViewProps {
  /** Where the form keeps its value. */
  readonly name: string
  readonly field: FormField
  readonly control: Control<FormValues>
  readonly component: FieldComponent
  readonly says?: FormTexts
  /** Whether the server's limits are checked before it is asked. @default false */
  readonly isChecked?: boolean
  readonly onEdit: () => void
}

const validValue = (value: unknown): string | true => (value instanceof InvalidValue ? value.message : true)

/** One field, drawn by its component and kept by the form. */
export function FieldView({
  name,
  field,
  control,
  component,
  says: given,
  isChecked = false,
  onEdit,
}: FieldViewProps): JSX.Element {
  const says = useTexts('form', FORM_TEXTS, given)
  return (
    <Controller
      name={name}
      control={control}
      rules={{ validate: value => (isChecked ? check(field, value, says) : validValue(value)) }}
      render={({ field: { value, onChange, onBlur, ref }, fieldState: { error } }) => (
        <Guard value={value} fallback={<Alert severity="warning">{says.unshowable(field.label)}</Alert>}>
          <FieldInput
            component={component}
            field={field}
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
        </Guard>
      )}
    />
  )
}
