import { AdapterDayjs } from '@mui/x-date-pickers/AdapterDayjs'
import { DatePicker } from '@mui/x-date-pickers/DatePicker'
import { DateTimePicker } from '@mui/x-date-pickers/DateTimePicker'
import { LocalizationProvider } from '@mui/x-date-pickers/LocalizationProvider'
import { TimePicker } from '@mui/x-date-pickers/TimePicker'
import dayjs, { type Dayjs } from 'dayjs'
import type { JSX } from 'react'
import { registerField } from '../form/registry.js'
import type { FieldProps } from '../form/types.js'

interface PickerProps {
  readonly label: string
  readonly value: Dayjs | null
  readonly disabled: boolean
  readonly onChange: (value: Dayjs | null) => void
  readonly inputRef: FieldProps['inputRef']
  readonly slotProps: { readonly textField: Record<string, unknown> }
}

function pickerProps(props: FieldProps, read: (text: string) => Dayjs, format: string): PickerProps {
  const { field, value, onChange, onBlur, error, disabled, inputRef } = props
  const help = error ?? field.help_text
  const textField = { fullWidth: true, required: field.required ?? false, error: !!error, helperText: help, onBlur }
  return {
    label: field.label,
    value: typeof value === 'string' && value ? read(value) : null,
    disabled,
    onChange: next => onChange(next === null ? null : next.isValid() ? next.format(format) : value),
    inputRef,
    slotProps: { textField },
  }
}

const atTime = (text: string): Dayjs => dayjs(`2000-01-01T${text}`)

/** A day, with a calendar. */
export function DatePickerField(props: FieldProps): JSX.Element {
  return (
    <LocalizationProvider dateAdapter={AdapterDayjs}>
      <DatePicker {...pickerProps(props, dayjs, 'YYYY-MM-DD')} />
    </LocalizationProvider>
  )
}

/** A time of day, with a clock. */
export function TimePickerField(props: FieldProps): JSX.Element {
  return (
    <LocalizationProvider dateAdapter={AdapterDayjs}>
      <TimePicker {...pickerProps(props, atTime, 'HH:mm:ss')} />
    </LocalizationProvider>
  )
}

/** A moment, with calendar and clock; kept with its offset. */
export function DateTimePickerField(props: FieldProps): JSX.Element {
  return (
    <LocalizationProvider dateAdapter={AdapterDayjs}>
      <DateTimePicker {...pickerProps(props, dayjs, 'YYYY-MM-DDTHH:mm:ssZ')} />
    </LocalizationProvider>
  )
}

/** Lets every form from now on use the pickers for dates and times; returns what takes it back. */
export function registerPickers(): () => void {
  const undo = [
    registerField('DateField', DatePickerField),
    registerField('TimeField', TimePickerField),
    registerField('DateTimeField', DateTimePickerField),
    registerField('SplitDateTimeField', DateTimePickerField),
  ]
  return () => {
    for (const back of undo) back()
  }
}
