import TextField from '@mui/material/TextField'
import type { JSX } from 'react'
import { attributesOf } from './attributes.js'
import { textProps } from './text.js'
import { type FieldProps, InvalidValue } from './types.js'

/** What stands in the field: the text, as the server sends it; anything else is what an application begins with. */
const textOf = (value: unknown): string => {
  if (value instanceof InvalidValue) return value.text
  if (typeof value === 'string') return value
  return value === null || value === undefined ? '' : JSON.stringify(value, null, 2)
}

/** The text, which keeps every digit and a string its quotes; `''` → null; what is no JSON is an `InvalidValue`. */
export function checkJson(text: string): string | InvalidValue | null {
  if (!text.trim()) return null
  try {
    JSON.parse(text)
    return text
  } catch {
    return new InvalidValue(text, 'Enter valid JSON.')
  }
}

/** JSON as text, as Django has it in its textarea; nothing is submitted while it is not JSON. */
export function JsonField(props: FieldProps): JSX.Element {
  const { value, onChange, field } = props
  const { cols: _cols, rows: _rows, ...attributes } = attributesOf(field)
  return (
    <TextField
      {...textProps(props)}
      multiline
      minRows={3}
      value={textOf(value)}
      onChange={event => onChange(checkJson(event.target.value))}
      slotProps={{ htmlInput: { ...attributes, spellCheck: false, style: { fontFamily: 'monospace' } } }}
    />
  )
}
