import {
  ChannelsClient,
  type DescribedField,
  type Description,
  type FieldType,
  type FormField,
} from '@channels-binding/core'
import { ChannelsProvider } from '@channels-binding/core/react'
import { FakeServer } from '@channels-binding/core/testing'
import { componentOf, type FieldComponent } from '@channels-binding/mui/form'
import { BindingTable } from '@channels-binding/mui/table'
import type { GridRowModesModel } from '@mui/x-data-grid'
import { QueryClient } from '@tanstack/react-query'
import { type JSX, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { useForm } from 'react-hook-form'
import { FilterChips, FilterPanel } from '../../src/filters/index.js'
import { FieldView } from '../../src/form/FieldView.js'
import { registered } from '../../src/form/registry.js'
import type { FormValues } from '../../src/form/values.js'
import { DatePickerField, DateTimePickerField, TimePickerField } from '../../src/pickers/index.js'
import { field } from '../field.js'
import { HOSTILE } from './values.js'

const TYPES = [
  ...['string', 'text', 'integer', 'float', 'decimal', 'boolean', 'choice', 'date', 'datetime', 'time', 'duration'],
  ...['uuid', 'email', 'url', 'ip', 'slug', 'json', 'file', 'image', 'relation', 'list', 'object'],
] as FieldType[]

interface Kind extends Partial<FormField> {
  readonly component?: FieldComponent
}

const isWidget = (name: string): boolean => /Input$|Select/.test(name)

/** Every field and widget that has a component of its own, those that are one by their bases, and pickers. */
const KINDS: readonly Kind[] = [
  ...registered().map(name => (isWidget(name) ? { widget: name } : { type: name, bases: [name] })),
  ...['Integer', 'Decimal', 'Date', 'DateTime'].map(name => ({ type: `${name}RangeField`, bases: ['BaseRangeField'] })),
  { type: 'ImageField', bases: ['FileField'] },
  { type: 'OfTheirOwn' },
  { type: 'DateField', component: DatePickerField },
  { type: 'TimeField', component: TimePickerField },
  { type: 'DateTimeField', component: DateTimePickerField },
]

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
const filters = KINDS.map((kind, index) => ({
  name: `f${index}`,
  label: `F${index}`,
  type: 'filter',
  field: fieldOf(kind, index),
}))
server.bind('shop.Thing', {
  rows: HOSTILE.map(rowOf),
  describe: { label_plural: 'things', fields: columns, filters } as Partial<Description>,
})
const client = new ChannelsClient({ ...server.options, transport: 'ws' })

function fieldOf({ component: _component, ...kind }: Kind, index: number): FormField {
  const isRelated = kind.type?.startsWith('Model') ?? false
  const hasChoices = /Choice|Radio|Checkbox/.test(`${kind.type} ${kind.widget}`) && !isRelated
  const part = { ...(isRelated && { relation }), ...(hasChoices && { choices: CHOICES }) }
  return field({ name: `f${index}`, label: `${kind.type ?? kind.widget}`, ...kind, ...part })
}

/** Every kind of field with every value, as what it holds and as what it begins with. */
function Fields(): JSX.Element {
  const fields = KINDS.flatMap((kind, one) =>
    HOSTILE.map((value, other) => ({ ...fieldOf(kind, one), name: `f${one}_${other}`, value, given: kind.component })),
  ) as (FormField & { given?: FieldComponent })[]
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
            component={each.given ?? componentOf(each)}
            isChecked
            onEdit={() => undefined}
          />
        </section>
      ))}
    </form>
  )
}

/** Every filter with each value, typed and as what the rows are narrowed by. */
function Narrowed(): JSX.Element {
  return (
    <div style={{ contentVisibility: 'hidden' }}>
      {HOSTILE.map(
        (value, index) => [index, Object.fromEntries(filters.map(({ name }) => [name, value]))] as const,
      ).map(([key, values]) => (
        <section key={key} aria-label="Narrowed">
          {key % SPARSE === 0 && <FilterPanel binding="shop.Thing" value={values} onChange={() => undefined} />}
          <FilterChips binding="shop.Thing" value={values} onChange={() => undefined} />
        </section>
      ))}
    </div>
  )
}
/** Their panels are the fields again: a few of them will do. */
const SPARSE = 16

/** The table; `window.edit()` opens the editors of all its cells. */
function Edited(): JSX.Element {
  const [rowModesModel, setModel] = useState<GridRowModesModel>({})
  useEffect(() => {
    const all = Object.fromEntries(HOSTILE.map((_, index) => [index + 1, { mode: 'edit' as const }]))
    Object.assign(window, { edit: () => setModel(all as GridRowModesModel) })
  }, [])
  return (
    <BindingTable
      binding="shop.Thing"
      pageSize={100}
      editable
      disableVirtualization
      editMode="row"
      rowModesModel={rowModesModel}
      onRowModesModelChange={setModel}
    />
  )
}

Object.assign(window, { expected: { values: HOSTILE.length, columns: TYPES.length, kinds: KINDS.length } })
createRoot(document.getElementById('root') as HTMLElement).render(
  <ChannelsProvider client={client} queryClient={new QueryClient()}>
    <p>The page is here.</p>
    <div style={{ height: 600, width: 2400 }}>
      <Edited />
    </div>
    <div style={{ width: 400 }}>
      <BindingTable binding="shop.Thing" pageSize={100} cards />
    </div>
    <Fields />
    <Narrowed />
  </ChannelsProvider>,
)
