import { useForm } from '@channels-binding/core/react'
import Button from '@mui/material/Button'
import MenuItem from '@mui/material/MenuItem'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import { type JSX, useState } from 'react'
import { FieldInput } from '../form/FieldInput.js'
import { componentOf } from '../form/registry.js'
import type { TableWorld } from './context.js'

/** One field and its new value, for all of the rows. */
export default function BulkForm({ world }: { readonly world: TableWorld }): JSX.Element {
  const { binding, bulk, description, texts } = world
  const form = useForm(binding)
  const editable = new Set(description?.fields.filter(field => field.editable !== false).map(field => field.name))
  const fields = form.fields.filter(
    field => editable.has(field.name) && !field.disabled && !(field.bases ?? []).includes('FileField'),
  )
  const [name, setName] = useState('')
  const [value, setValue] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  const field = fields.find(each => each.name === name)
  const apply = async (): Promise<void> => {
    setBusy(true)
    const { failed } = await bulk.update(bulk.ids, { [name]: value })
    setBusy(false)
    bulk.select(failed.map(each => each.id))
  }
  return (
    <Stack spacing={1.5} sx={{ p: 2, width: 300 }}>
      <TextField
        select
        size="small"
        label={texts.field}
        value={field ? name : ''}
        onChange={event => {
          setName(event.target.value)
          setValue(null)
        }}
      >
        {fields.map(each => (
          <MenuItem key={each.name} value={each.name}>
            {each.label}
          </MenuItem>
        ))}
      </TextField>
      {field && (
        <FieldInput
          component={componentOf(field)}
          field={field}
          value={value ?? (field.multiple ? [] : '')}
          onChange={setValue}
          onBlur={() => undefined}
          error={undefined}
          disabled={isBusy}
          inputRef={null}
        />
      )}
      <Button variant="contained" disabled={!field} loading={isBusy} onClick={() => void apply()}>
        {texts.changeRows(bulk.ids.length)}
      </Button>
    </Stack>
  )
}
