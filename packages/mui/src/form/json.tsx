import TextField from '@mui/material/TextField'
import { type JSX, useState } from 'react'
import { attributesOf } from './attributes.js'
import { textProps } from './text.js'
import { type FieldProps, InvalidValue } from './types.js'

const textOf = (value: unknown): string => {
  if (value instanceof InvalidValue) return value.text
  return value === null || value === undefined ? '' : JSON.stringify(value, null, 2)
}

/** `'{"a": 1}'` → `{a: 1}`; `''` → null; anything else is an `InvalidValue`. */
export function parseJson(text: string): unknown {
  if (!text.trim()) return null
  try {
    return JSON.parse(text)
  } catch {
    return new InvalidValue(text, 'Enter valid JSON.')
  }
}

/** JSON as text; what is typed stays as it is, and nothing is submitted while it is not JSON. */
export function JsonField(props: FieldProps): JSX.Element {
  const { value, onChange, field } = props
  const [typed, setTyped] = useState<{ text: string; value: unknown } | null>(null)
  const text = typed && textOf(typed.value) === textOf(value) ? typed.text : textOf(value)
  const { cols: _cols, rows: _rows, ...attributes } = attributesOf(field)
  return (
    <TextField
      {...textProps(props)}
      multiline
      minRows={3}
      value={text}
      onChange={event => {
        const parsed = parseJson(event.target.value)
        setTyped({ text: event.target.value, value: parsed })
        onChange(parsed)
      }}
      slotProps={{ htmlInput: { ...attributes, spellCheck: false, style: { fontFamily: 'monospace' } } }}
    />
  )
}
