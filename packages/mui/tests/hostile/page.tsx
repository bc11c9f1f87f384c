import { ChannelsClient, type DescribedField, type FieldType, type FormField } from '@channels-binding/core'
import { ChannelsProvider } from '@channels-binding/core/react'
import { FakeServer } from '@channels-binding/core/testing'
import { componentOf, type FieldComponent } from '@channels-binding/mui/form'
import { BindingTable } from '@channels-binding/mui/table'
import { QueryClient } from '@tanstack/react-query'
import type { JSX } from 'react'
import { createRoot } from 'react-dom/client'
import { useForm } from 'react-hook-form'
import { FieldView } from '../../src/form/FieldView.js'
import type { FormValues } from '../../src/form/values.js'
import { field } from '../field.js'
import { HOSTILE } from './values.js'

const TYPES = [
  ...['string', 'text', 'integer', 'float', 'decimal', 'boolean', 'choice', 'date', 'datetime', 'time', 'duration'],
  ...['uuid', 'email', 'url', 'ip', 'slug', 'json', 'file', 'image', 'relation', 'list', 'object'],
] as FieldType[]

/** A choice of Django's fields and widgets, each with a component of its own. */
const FIELDS: readonly Partial<FormField>[] = [
  ...['CharField', 'EmailField', 'URLField', 'SlugField', 'UUIDField', 'GenericIPAddressField', 'IntegerField'],
  ...['FloatField', 'DecimalField', 'DurationField', 'BooleanField', 'NullBooleanField', 'ChoiceField'],
  ...[
    'MultipleChoiceField',
    'DateField',
    'TimeField',
    'DateTimeField',
    'SplitDateTimeField',
    'FileField',
    'ImageField',
  ],
  ...[
    'JSONField',
    'BaseRangeField',
    'SplitArrayField',
    'MultiValueField',
    'ModelChoiceField',
    'ModelMultipleChoiceField',
  ],
].map(type => ({ type, bases: [type, ...(type === 'ImageField' ? ['FileField'] : [])] }))
const WIDGETS: readonly Partial<FormField>[] = [
  ...['PasswordInput', 'RadioSelect', 'CheckboxSelectMultiple', 'NullBooleanSelect', 'Textarea', 'HiddenInput'],
].map(widget => ({ widget }))

const CHOICES = [
  { value: 'a', label: 'A' },
  { value: 'b', label: 'B' },
]
const relation = { stream: 'shop.Other' }

const columns: DescribedField[] = TYPES.map(type => ({
  ...{ name: type, label: type, type, nullable: true, editable: true, sortable: false, multiple: false, help_text: '' },
  ...(type === 'choice' && { choices: CHOICES }),
  ...(type === 'relation' && { relation }),
}))
const rowOf = (value: unknown, index: number) => ({
  id: index + 1,
  ...Object.fromEntries(TYPES.map(type => [type, value])),
})

const server = new FakeServer()
server.bind('shop.Other', { rows: [{ id: 1, name: 'One' }] })
server.bind('shop.Thing', { rows: HOSTILE.map(rowOf), describe: { label_plural: 'things', fields: columns } })
const client = new ChannelsClient({ ...server.options, transport: 'ws' })

/** Every kind of field with every value, as what it holds and as what it begins with. */
function Fields(): JSX.Element {
  const kinds = [...FIELDS, ...WIDGETS]
  const fields = kinds.flatMap((kind, one) =>
    HOSTILE.map((value, other) => {
      const isRelated = kind.type?.startsWith('Model') ?? false
      const hasChoices = /Choice|Radio|Checkbox/.test(`${kind.type} ${kind.widget}`) && !isRelated
      const part = { ...(isRelated && { relation }), ...(hasChoices && { choices: CHOICES }) }
      return { ...field({ name: `f${one}_${other}`, label: `${kind.type ?? kind.widget}`, ...kind, ...part }), value }
    }),
  ) as FormField[]
  const values: FormValues = Object.fromEntries(fields.map(each => [each.name, each.value]))
  const { control } = useForm<FormValues>({ defaultValues: values })
  return (
    <form aria-label="Fields" style={{ contentVisibility: 'hidden' }}>
      {fields.map(each => (
        <section key={each.name}>
          <FieldView
            name={each.name}
            field={{ ...each, initial: each.value }}
            control={control}
            component={componentOf(each) as FieldComponent}
            isChecked
            onEdit={() => undefined}
          />
        </section>
      ))}
    </form>
  )
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <ChannelsProvider client={client} queryClient={new QueryClient()}>
    <p>The page is here.</p>
    <div style={{ height: 600, width: 2400 }}>
      <BindingTable binding="shop.Thing" pageSize={100} editable disableVirtualization />
    </div>
    <div style={{ width: 400 }}>
      <BindingTable binding="shop.Thing" pageSize={100} cards />
    </div>
    <Fields />
  </ChannelsProvider>,
)
