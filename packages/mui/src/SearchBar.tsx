import { useDebounced } from '@channels-binding/core/react'
import TextField, { type TextFieldProps } from '@mui/material/TextField'
import { type JSX, useEffect, useRef, useState } from 'react'

/** Props of `SearchBar`. */
export interface SearchBarProps extends Omit<TextFieldProps<'outlined'>, 'onChange' | 'value' | 'variant'> {
  /** The text to begin with. @default '' */
  readonly value?: string
  /** Called with the text when it has stood still. */
  readonly onChange: (query: string) => void
  /** How long the text stands still before `onChange`, in milliseconds. @default 300 */
  readonly delayMs?: number
}

/** A field whose text becomes the `query` of a table or list. */
export function SearchBar({ value = '', onChange, delayMs = 300, ...props }: SearchBarProps): JSX.Element {
  const [text, setText] = useState(value)
  const settled = useDebounced(text, delayMs)
  const sent = useRef(value)
  useEffect(() => {
    if (settled === sent.current) return
    sent.current = settled
    onChange(settled)
  }, [settled, onChange])
  return (
    <search>
      <TextField
        label="Search"
        size="small"
        type="search"
        {...props}
        value={text}
        onChange={event => setText(event.target.value)}
      />
    </search>
  )
}
