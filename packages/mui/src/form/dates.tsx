import TextField from '@mui/material/TextField'
import type { JSX } from 'react'
import { keepFraction } from '../text.js'
import { attributesOf } from './attributes.js'
import { textProps } from './text.js'
import type { FieldProps } from './types.js'

interface NativeProps extends FieldProps {
  readonly type: 'date' | 'time' | 'datetime-local'
  readonly format?: (value: unknown) => string
  readonly parse?: (text: string) => string
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '')

function Native({ type, format = asText, parse = text => text, ...props }: NativeProps): JSX.Element {
  const { value, onChange, field } = props
  return (
    <TextField
      {...textProps(props)}
      type={type}
      value={format(value)}
      onChange={event => onChange(event.target.value ? parse(event.target.value) : null)}
      slotProps={{
        inputLabel: { shrink: true },
        htmlInput: { ...attributesOf(field), ...(type !== 'date' && { step: 1 }) },
      }}
    />
  )
}

/** A day: `'2026-11-22'`, the same in every time zone. */
export function DateField(props: FieldProps): JSX.Element {
  return <Native {...props} type="date" />
}

/** A time of day: `'14:30:00'`. */
export function TimeField(props: FieldProps): JSX.Element {
  return <Native {...props} type="time" format={shortTime} parse={text => keepTime(text, props.value)} />
}

/** A moment: shown in the browser's time zone, kept with its offset. */
export function DateTimeField(props: FieldProps): JSX.Element {
  return (
    <Native
      {...props}
      type="datetime-local"
      format={localText}
      parse={text => keepFraction(withOffset(text), props.value)}
    />
  )
}

/** `'14:30:05.123456'` → `'14:30:05'`: fields of browsers take no microseconds. */
const shortTime = (value: unknown): string => asText(value).replace(/\.\d+$/, '')

/** The time with the fraction that the field does not show, where the second is that of before. */
const keepTime = (text: string, before: unknown): string => keepFraction(`T${text}`, `T${asText(before)}`).slice(1)

const two = (part: number): string => String(part).padStart(2, '0')

/** `'2026-11-22T13:30:00Z'` → `'2026-11-22T14:30:00'` in Paris. */
export function localText(value: unknown): string {
  const date = typeof value === 'string' && value ? new Date(value) : null
  if (!date || Number.isNaN(date.getTime())) return ''
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** `'2026-11-22T14:30'` → `'2026-11-22T14:30:00+01:00'` in Paris. */
export function withOffset(text: string): string {
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) return text
  const minutes = -date.getTimezoneOffset()
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
  return localText(text) + offset
}
