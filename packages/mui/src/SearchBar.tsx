import TextField, { type TextFieldProps } from '@mui/material/TextField'
import { type JSX, useEffect, useRef, useState } from 'react'

/** Props of `SearchBar`. */
export interface SearchBarProps extends Omit<TextFieldProps<'outlined'>, 'onChange' | 'value' | 'variant'> {
  /** The query that holds; where something else than this field changes it ("back", a button), the field shows it. @default '' */
  readonly value?: string
  /** Called with the text when it has stood still. */
  readonly onChange: (query: string) => void
  /** How long the text stands still before `onChange`, in milliseconds. @default 300 */
  readonly delayMs?: number
}

/** A field whose text becomes the `query` of a table or list. */
export function SearchBar({ value, onChange, delayMs = 300, ...props }: SearchBarProps): JSX.Element {
  const [text, type] = useTyped(value, onChange, delayMs)
  return (
    <search style={CONTENTS}>
      <TextField
        label="Search"
        size="small"
        type="search"
        {...props}
        value={text}
        onChange={event => type(event.target.value)}
      />
    </search>
  )
}

/** What is longer, `setTimeout` takes for no wait at all. */
const LONGEST_MS = 2e9

/** The field itself is what stands in the page, so that `sx` is about it. */
const CONTENTS = { display: 'contents' } as const

/** What is typed, which is told once it stands still; what others set takes its place. */
function useTyped(
  value: string | undefined,
  onChange: (query: string) => void,
  delayMs: number,
): readonly [string, (text: string) => void] {
  const [text, setText] = useState(value ?? '')
  const told = useRef(text)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const latest = useRef(onChange)
  useEffect(() => {
    latest.current = onChange
  })
  useEffect(() => () => clearTimeout(timer.current), [])
  useEffect(() => {
    // Only what this field has not told itself: the user may have typed on since.
    if (value === undefined || value === told.current) return
    told.current = value
    clearTimeout(timer.current)
    setText(value)
  }, [value])
  const type = (typed: string): void => {
    setText(typed)
    clearTimeout(timer.current)
    timer.current = setTimeout(
      () => {
        if (typed === told.current) return
        told.current = typed
        latest.current(typed)
      },
      Math.min(delayMs, LONGEST_MS),
    )
  }
  return [text, type]
}
