import Button from '@mui/material/Button'
import InputAdornment from '@mui/material/InputAdornment'
import TextField, { type TextFieldProps } from '@mui/material/TextField'
import { type JSX, useState } from 'react'
import { useTexts } from '../languages/texts.js'
import { parseInteger } from '../text.js'
import { attributesOf, hasWidget } from './attributes.js'
import { FORM_TEXTS } from './formTexts.js'
import type { FieldProps } from './types.js'

const MONOSPACE = { fontFamily: 'monospace' }

/** What every text field of a form has in common. */
export function textProps({ field, error, disabled, onBlur, inputRef }: FieldProps): Partial<TextFieldProps> {
  return {
    fullWidth: true,
    label: field.label,
    required: field.required ?? false,
    disabled,
    error: error !== undefined,
    helperText: error ?? field.help_text ?? '',
    onBlur,
    inputRef,
  }
}

const asText = (value: unknown): string => (value === null || value === undefined ? '' : String(value))

interface TextInputProps extends FieldProps {
  readonly type?: string
  /** Makes a value of what was typed. @default the text itself */
  readonly parse?: (text: string) => unknown
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly hint?: string
}

function TextInput({ type = 'text', parse = text => text, attributes, hint, ...props }: TextInputProps): JSX.Element {
  const { value, onChange, error, field } = props
  return (
    <TextField
      {...textProps(props)}
      {...(hint && { helperText: error ?? (field.help_text || hint) })}
      type={type}
      value={asText(value)}
      onChange={event => onChange(parse(event.target.value))}
      slotProps={{ htmlInput: { ...attributesOf(field), ...attributes } }}
    />
  )
}

const WIDGET_TYPES: Readonly<Record<string, string>> = {
  EmailInput: 'email',
  URLInput: 'url',
  TelInput: 'tel',
  SearchInput: 'search',
  ColorInput: 'color',
}

/** Text, of one line or several as the widget says. */
export function TextInputField(props: FieldProps): JSX.Element {
  const { field } = props
  const type = Object.keys(WIDGET_TYPES).find(name => hasWidget(field, name))
  if (hasWidget(field, 'Textarea')) return <TextareaField {...props} />
  return <TextInput {...props} type={type ? (WIDGET_TYPES[type] as string) : 'text'} />
}

/** Text of several lines. */
export function TextareaField(props: FieldProps): JSX.Element {
  const { rows, cols: _cols, ...attributes } = attributesOf(props.field)
  return (
    <TextField
      {...textProps(props)}
      multiline
      minRows={Math.min(Number(rows) || 3, 10)}
      value={asText(props.value)}
      onChange={event => props.onChange(event.target.value)}
      slotProps={{ htmlInput: attributes }}
    />
  )
}

/** A password, with a button that shows it. */
export function PasswordField(props: FieldProps): JSX.Element {
  const says = useTexts('form', FORM_TEXTS)
  const [isShown, setShown] = useState(false)
  const toggle = (
    <InputAdornment position="end">
      <Button size="small" aria-pressed={isShown} aria-label={says.showPassword} onClick={() => setShown(!isShown)}>
        {isShown ? says.hide : says.show}
      </Button>
    </InputAdornment>
  )
  return (
    <TextField
      {...textProps(props)}
      type={isShown ? 'text' : 'password'}
      value={asText(props.value)}
      onChange={event => props.onChange(event.target.value)}
      slotProps={{ htmlInput: attributesOf(props.field), input: { endAdornment: toggle } }}
    />
  )
}

/** An email address. */
export function EmailField(props: FieldProps): JSX.Element {
  return <TextInput {...props} type="email" attributes={{ inputMode: 'email', autoComplete: 'email' }} />
}

/** A web address. */
export function UrlField(props: FieldProps): JSX.Element {
  return <TextInput {...props} type="url" attributes={{ inputMode: 'url' }} />
}

/** A slug, UUID or IP address: text without spaces around it, in letters of one width. */
export function CodeField(props: FieldProps): JSX.Element {
  return <TextInput {...props} parse={text => text.trim()} attributes={{ style: MONOSPACE, spellCheck: false }} />
}

/** A whole number; text beyond 2^53, so that no digit is lost. */
export function IntegerField(props: FieldProps): JSX.Element {
  return <TextInput {...props} parse={parseInteger} attributes={{ inputMode: 'numeric' }} />
}

/** A number; text while it is typed. */
export function FloatField(props: FieldProps): JSX.Element {
  return <TextInput {...props} parse={parseFloatText} attributes={{ inputMode: 'decimal' }} />
}

/** A decimal; always text, for a number would lose digits. */
export function DecimalField(props: FieldProps): JSX.Element {
  return <TextInput {...props} parse={text => text.trim() || null} attributes={{ inputMode: 'decimal' }} />
}

/** A duration as Django writes it. */
export function DurationField(props: FieldProps): JSX.Element {
  return <TextInput {...props} parse={text => text || null} hint="Days and time, such as 1 02:30:00" />
}

/** `'1.5'` → 1.5; `'1.'` stays text, since it may become 1.5. */
export function parseFloatText(text: string): number | string | null {
  const trimmed = text.trim()
  if (!trimmed) return null
  return String(Number(trimmed)) === trimmed && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed
}
