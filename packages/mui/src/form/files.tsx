import Checkbox from '@mui/material/Checkbox'
import FormControlLabel from '@mui/material/FormControlLabel'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { type ChangeEvent, type DragEvent, type JSX, useEffect, useState } from 'react'
import { FileLink } from '../FileLink.js'
import { useTexts } from '../languages/texts.js'
import { attributesOf, hasType } from './attributes.js'
import { FORM_TEXTS } from './formTexts.js'
import { textProps } from './text.js'
import type { FieldProps } from './types.js'

/** Whether a field holds a file, so that its unchanged value is not sent back. */
export const isFileField = (field: FieldProps['field']): boolean => hasType(field, 'FileField')

/** Where the present file is: the server sends `{name, url}`, or the address alone. */
const currentOf = ({ value, initial }: FieldProps['field']): string | null => {
  const current = value ?? initial
  const address = typeof current === 'object' && current !== null && 'url' in current ? current.url : current
  return typeof address === 'string' && address ? address : null
}

/** A file: the one there is, a new one, or none (`null`). */
export function FileField(props: FieldProps): JSX.Element {
  const { field, value, onChange, disabled } = props
  const says = useTexts('form', FORM_TEXTS)
  const current = currentOf(field)
  const isImage = hasType(field, 'ImageField')
  const isOff = disabled || (current !== null && value === null)
  const [isOver, setOver] = useState(false)
  const take = (files: readonly File[]): void => onChange(files.length ? (field.multiple ? files : files[0]) : current)
  const choose = (event: ChangeEvent<HTMLInputElement>): void => take([...(event.target.files ?? [])])
  const over = (event: DragEvent): void => {
    event.preventDefault()
    setOver(!isOff)
  }
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    const files = [...event.dataTransfer.files]
    if (!isOff && files.length) take(files)
  }
  return (
    <Stack
      spacing={1}
      onDragOver={over}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      sx={isOver ? { outline: '2px dashed', outlineColor: 'primary.main', outlineOffset: 4, borderRadius: 1 } : {}}
    >
      <TextField
        {...textProps(props)}
        type="file"
        disabled={isOff}
        onChange={choose}
        sx={CHOOSE_SX}
        slotProps={{
          inputLabel: { shrink: true },
          htmlInput: {
            ...attributesOf(field),
            multiple: field.multiple ?? false,
            ...(isImage && { accept: 'image/*' }),
          },
        }}
      />
      <Chosen value={value} />
      {isImage && value instanceof File && <Preview file={value} />}
      {current && (
        <Stack direction="row" spacing={2} sx={{ alignItems: 'center' }}>
          <Typography variant="body2">
            {says.currently} <FileLink address={current} />
          </Typography>
          {!field.required && (
            <FormControlLabel
              label={says.clearFile(field.label)}
              disabled={disabled}
              control={
                <Checkbox
                  checked={value === null}
                  onChange={event => onChange(event.target.checked ? null : current)}
                />
              }
            />
          )}
        </Stack>
      )}
    </Stack>
  )
}

/** The browser's button, as the others look. */
const CHOOSE_SX = {
  '& input::file-selector-button': {
    mr: 1.5,
    px: 1.25,
    py: 0.25,
    font: 'inherit',
    color: 'primary.main',
    bgcolor: 'transparent',
    border: 1,
    borderColor: 'divider',
    borderRadius: 1,
    cursor: 'pointer',
  },
} as const

/** What was dropped, which the field of the browser does not name. */
function Chosen({ value }: { readonly value: unknown }): JSX.Element | null {
  const files = [value].flat().filter(each => each instanceof File)
  if (!files.length) return null
  return (
    <Typography variant="body2" role="status">
      {files.map(file => file.name).join(', ')}
    </Typography>
  )
}

function Preview({ file }: { file: File }): JSX.Element | null {
  const says = useTexts('form', FORM_TEXTS)
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    const next = URL.createObjectURL(file)
    setUrl(next)
    return () => URL.revokeObjectURL(next)
  }, [file])
  return url === null ? null : (
    <img src={url} alt={says.previewOf(file.name)} style={{ maxHeight: 96, objectFit: 'contain' }} />
  )
}
