import type { FormField } from '@channels-binding/core'
import { type FakeFormset, FakeTable, type FakeTableOptions } from '@channels-binding/core/testing'
import { expect, it } from 'vitest'
import { FakeForm } from '../../src/testing/form.js'

const field = (name: string): FormField => ({
  name,
  type: 'CharField',
  widget: 'TextInput',
  label: name,
  required: false,
})
const required = [{ code: 'required', message: 'Required.' }]

const LINES: FakeFormset = {
  name: 'lines',
  stream: 'shop.Line',
  parent: 'product',
  fields: [field('text')],
  validate: ({ text }) => (text ? {} : { text: required }),
}

function setup(options: Partial<FakeTableOptions> = {}): {
  products: FakeTable
  lines: FakeTable
  form: (id: number | null) => FakeForm
} {
  const lines = new FakeTable('shop.Line', { rows: [{ id: 5, product: 1, text: 'old' }] })
  const products = new FakeTable('shop.Product', {
    rows: [{ id: 1, name: 'Apple' }],
    fields: [field('name')],
    formsets: [LINES],
    validate: ({ name }) => (name ? {} : { name: required }),
    ...options,
  })
  return { products, lines, form: id => new FakeForm(products, id, () => lines) }
}

it('shows a form with its rows, and one without formsets without', () => {
  const { form } = setup()
  expect(form(1).describe()).toMatchObject({
    object: { id: 1 },
    fields: [{ value: 'Apple' }],
    formsets: [{ name: 'lines', forms: [{ id: 5, fields: [{ value: 'old' }] }] }],
  })
  expect(form(null).describe()).toMatchObject({ object: null, formsets: [{ forms: [] }] })
  expect(setup({ formsets: [] }).form(1).describe()).not.toHaveProperty('formsets')
})

it('saves a new row with the rows beside it, and shows them as they were saved', () => {
  const { form, products, lines } = setup()
  const reply = form(null).submit({ name: 'Pear', lines: [{ text: 'new' }] })
  expect(reply).toMatchObject({ success: true, object: { id: 2 }, formsets: [{ forms: [{ id: 6 }] }] })
  expect(products.get(2)).toEqual({ id: 2, name: 'Pear' })
  expect(lines.get(6)).toEqual({ id: 6, product: 2, text: 'new' })
})

it('saves neither where something is wrong with one of them', () => {
  const { form, products, lines } = setup()
  const reply = form(1).submit({ name: '', lines: [{ id: 5, text: '' }] })
  expect(reply).toMatchObject({
    success: false,
    errors: { name: required, lines: { 0: { text: required } } },
    fields: [{ value: '', errors: required }],
    formsets: [{ forms: [{ id: 5, fields: [{ value: '', errors: required }] }] }],
  })
  expect(products.get(1)).toEqual({ id: 1, name: 'Apple' })
  expect(lines.get(5)).toMatchObject({ text: 'old' })
  expect(form(1).submit({ name: '' })).toMatchObject({ success: false, formsets: [{ forms: [{ id: 5 }] }] })
})

it('takes everything where nobody validates', () => {
  const { validate: _validate, ...unchecked } = LINES
  const products = new FakeTable('shop.Product', { formsets: [unchecked] })
  const lines = new FakeTable('shop.Line', {})
  expect(new FakeForm(products, null, () => lines).submit({ name: '' })).toMatchObject({ success: true })
})

it('shows the stored rows where the form has neither formsets nor rules', () => {
  const products = new FakeTable('shop.Product', { rows: [{ id: 1, name: 'Apple' }], fields: [field('name')] })
  const form = new FakeForm(products, 1, () => products)
  expect(form.describe()).toEqual(products.form(1))
  expect(form.submit({ name: 'Pear' })).toMatchObject({ success: true, object: { id: 1, name: 'Pear' } })
})
