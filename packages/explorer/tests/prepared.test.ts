import type { Description } from '@channels-binding/core'
import { expect, it } from 'vitest'
import { parseData, preparedData } from '../src/message/prepared'
import type { OfferedAction } from '../src/server'

const DESCRIPTION: Description = {
  stream: 'shop.Order',
  label: 'order',
  label_plural: 'orders',
  pk: 'id',
  page_size: 25,
  max_page_size: 1000,
  search: true,
  ordering: ['id', 'title'],
  actions: ['search'],
  can: { create: true, update: true, delete: true },
  fields: [
    { name: 'id', label: 'ID', type: 'integer', editable: false },
    { name: 'title', label: 'Title', type: 'string', editable: true },
    { name: 'status', label: 'Status', type: 'choice', editable: true, choices: [{ value: 'open', label: 'Open' }] },
    { name: 'kind', label: 'Kind', type: 'choice', editable: true },
    { name: 'customer', label: 'Customer', type: 'relation', editable: true },
    { name: 'agent', label: 'Agent', type: 'relation', editable: true, nullable: true },
    { name: 'tags', label: 'Tags', type: 'relation', editable: true, multiple: true },
    { name: 'photo', label: 'Photo', type: 'image', editable: true },
    { name: 'price', label: 'Price', type: 'decimal', editable: true },
  ],
  filters: [],
  aggregate: { measures: ['count'], by: ['status', 'kind'] },
}

const action = (name: string, given: Partial<OfferedAction> = {}): OfferedAction => ({
  name,
  method: 'POST',
  builtin: true,
  live: false,
  doc: '',
  data: {},
  ...given,
})

it('prepares a new row of the fields that can be written', () => {
  expect(preparedData(action('create'), DESCRIPTION)).toEqual({
    title: '',
    status: 'open',
    kind: '',
    customer: 1,
    agent: null,
    tags: [],
    photo: null,
    price: '0.00',
  })
})

it('prepares reads, changes and measures', () => {
  expect(preparedData(action('search'), DESCRIPTION)).toEqual({ page: 1, limit: 25, order: 'id', filters: {} })
  expect(preparedData(action('list'), { ...DESCRIPTION, ordering: [] })).toEqual({ filters: {} })
  expect(preparedData(action('retrieve'), DESCRIPTION)).toEqual({ id: 1 })
  expect(preparedData(action('update'), DESCRIPTION)).toEqual({ id: 1, title: '' })
  expect(preparedData(action('save'), { ...DESCRIPTION, fields: [] })).toEqual({ id: 1 })
  expect(preparedData(action('aggregate'), DESCRIPTION)).toEqual({ measures: ['count'], by: ['status'] })
  const { aggregate: _, ...without } = DESCRIPTION
  expect(preparedData(action('aggregate'), without)).toEqual({ measures: ['count'], by: [] })
})

it('takes the example of the server for events, and where nothing is described', () => {
  expect(preparedData(action('close', { builtin: false, data: { id: 0 } }), DESCRIPTION)).toEqual({ id: 0 })
  expect(preparedData(action('search'), undefined)).toEqual({})
  expect(preparedData(action('describe'), DESCRIPTION)).toEqual({})
})

it('reads what somebody has typed, and says what is wrong with it', () => {
  expect(parseData('{"a": 1}')).toEqual({ data: { a: 1 } })
  expect(parseData('  ')).toEqual({ data: {} })
  expect(parseData('[1]')).toEqual({ problem: 'The data of a message is an object: {…}' })
  expect(parseData('null')).toHaveProperty('problem')
  expect(parseData('{')).toHaveProperty('problem', expect.stringMatching(/^This is no JSON: /))
})
