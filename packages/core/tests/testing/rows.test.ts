import type { FormField } from '@channels-binding/core'
import { type FakeFormset, FakeTable, type FakeTableOptions } from '@channels-binding/core/testing'
import { expect, it } from 'vitest'
import { FakeRows } from '../../src/testing/rows.js'

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

const ROWS = [
  { id: 5, product: 1, text: 'first', place: 2 },
  { id: 6, product: 1, text: 'second', place: 1 },
  { id: 7, product: 2, text: 'other', place: 1 },
]

function setup(formset: Partial<FakeFormset> = {}, parent: number | null = 1): { table: FakeTable; rows: FakeRows } {
  const table = new FakeTable('shop.Line', { rows: ROWS } satisfies FakeTableOptions)
  return { table, rows: new FakeRows({ ...LINES, ...formset }, table, parent) }
}
const idsOf = (rows: FakeRows, submitted?: unknown): unknown[] => rows.describe(submitted).forms.map(({ id }) => id)

it('shows the rows of its parent, in their order where they have one', () => {
  expect(idsOf(setup().rows)).toEqual([5, 6])
  expect(idsOf(setup({ order: 'place' }).rows)).toEqual([6, 5])
  expect(idsOf(setup({}, null).rows)).toEqual([])
})

it('says what the formset lets do, and shows blank rows where there must be some', () => {
  const { rows } = setup({ min: 3, order: 'place', can_delete: false, label: 'Lines', row_label: 'line' })
  const formset = rows.describe()
  expect(formset).toMatchObject({
    label: 'Lines',
    row_label: 'line',
    can_delete: false,
    can_order: true,
    min: 3,
    max: 1000,
  })
  expect(formset.forms.map(({ id }) => id)).toEqual([6, 5, null])
  expect(formset.forms[2]?.fields).toMatchObject([
    { name: 'text', value: null },
    { name: 'ORDER', value: 3 },
  ])
  expect(formset.empty).toMatchObject([{ name: 'text' }, { name: 'ORDER', value: null }])
  expect(setup().rows.describe()).toMatchObject({
    label: 'lines',
    row_label: 'lines',
    can_delete: true,
    can_order: false,
  })
})

it('shows rows as they were submitted, with what is wrong', () => {
  const { rows } = setup()
  const { forms, errors } = rows.describe([{ id: 5, text: '' }, { text: 'new' }])
  expect(forms).toMatchObject([
    { id: 5, fields: [{ value: '', errors: required }] },
    { id: 6, fields: [{ value: 'second', errors: [] }] },
    { id: null, fields: [{ value: 'new', errors: [] }] },
  ])
  expect(errors).toEqual([])
})

it('counts the rows as Django does', () => {
  const { rows } = setup({ min: 2, max: 2 })
  expect(rows.errors([])).toEqual({})
  expect(rows.errors([{ text: 'third' }]).__all__).toMatchObject([{ code: 'too_many_forms' }])
  expect(rows.errors([{ id: 5, DELETE: true }]).__all__).toMatchObject([{ code: 'too_few_forms' }])
  expect(rows.errors([{ id: 5, DELETE: true }, { text: 'third' }])).toEqual({})
})

it('leaves out blank rows, and says nothing of those that are deleted', () => {
  const { table, rows } = setup()
  const submitted = [{ id: 5, text: '', DELETE: true }, { text: '' }, { text: 'new' }]
  expect(rows.errors(submitted)).toEqual({})
  rows.save(submitted, 1)
  expect(table.rows.map(({ id, text }) => [id, text])).toEqual([
    [6, 'second'],
    [7, 'other'],
    [8, 'new'],
  ])
})

it('saves the places of the rows where they have one', () => {
  const { table, rows } = setup({ order: 'place' })
  rows.save(
    [
      { id: 5, ORDER: 1 },
      { id: 6, text: 'changed', ORDER: 2 },
      { text: 'new', ORDER: 3 },
    ],
    1,
  )
  expect(table.rows).toMatchObject([
    { id: 5, place: 1 },
    { id: 6, place: 2, text: 'changed' },
    { id: 7 },
    { product: 1, place: 3 },
  ])
})

it.each([
  [[{ id: 7, text: 'theirs' }], 'There is no row 7.'],
  [[{ other: 1 }], 'Unknown: other.'],
  [[{ text: 'a', ORDER: 1 }], 'Unknown: ORDER.'],
])('refuses %j', (submitted, message) => {
  expect(() => setup().rows.errors(submitted)).toThrow(message)
})

it('refuses to delete where the formset does not let it', () => {
  expect(() => setup({ can_delete: false }).rows.errors([{ id: 5, DELETE: true }])).toThrow('Unknown: DELETE.')
})
