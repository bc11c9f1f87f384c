import { ChannelsClient, type Labels } from '@channels-binding/core'
import { type FakeRow, FakeServer, FakeTable } from '@channels-binding/core/testing'
import { expect, it } from 'vitest'
import { fakeClock, PRODUCTS, settle, world } from '../helpers.js'

fakeClock()

it('puts NULLs last both ways, as the protocol asks', async () => {
  const rows = [
    { id: 1, n: null },
    { id: 2, n: 1 },
    { id: 3, n: 2 },
  ]
  const { client } = world({}, { rows })
  const order = async (name: string): Promise<unknown[]> =>
    (await client.list('shop.Product', { order: name })).rows.map(row => row.id)
  expect(await order('n')).toEqual([2, 3, 1])
  expect(await order('-n')).toEqual([3, 2, 1])
})

const table = (options = {}): FakeTable => new FakeTable('shop.Product', { rows: PRODUCTS, ...options })
const namesOf = (data: object, options = {}): unknown[] =>
  table(options)
    .page('list', { ...data })
    .rows.map(row => row.name)

it('finds rows by filters and by text', () => {
  expect(namesOf({ filters: { stock: 20 } })).toEqual(['Banana'])
  expect(namesOf({ query: 'AN' })).toEqual(['Banana'])
  expect(namesOf({ query: 'an' }, { searchFields: ['other'] })).toEqual([])
  const filter = (row: FakeRow, _name: string, value: unknown): boolean => Number(row.stock) > Number(value)
  expect(namesOf({ filters: { stock__gt: 10 } }, { filter })).toEqual(['Banana', 'Cherry'])
})

it('orders by several fields, the key last', () => {
  const rows = [
    { id: 3, name: 'b', stock: 1 },
    { id: 2, name: 'a', stock: 1 },
    { id: 1, name: 'c', stock: 2 },
  ]
  expect(namesOf({ order: ['-stock', 'name'] }, { rows })).toEqual(['c', 'a', 'b'])
  expect(namesOf({ order: 'stock' }, { rows })).toEqual(['a', 'b', 'c'])
  expect(namesOf({}, { rows })).toEqual(['c', 'a', 'b'])
})

it('pages a search, narrows rows, and gives the texts of relations where they are asked for', () => {
  const labels = (): Labels => ({ owner: { 7: 'Ann' } })
  const page = table({ labels }).page('search', { page: 2, limit: 2, fields: ['name'], labels: true })
  expect(page).toMatchObject({ data: { page: 2, limit: 2, count: 3, labels: { owner: { 7: 'Ann' } } } })
  expect(page.rows).toEqual([{ id: 3, name: 'Cherry' }])
  expect(table().page('search', { labels: true }).data).toMatchObject({ page: 1, limit: 25, labels: {} })
})

it('says where the text stands in what is shown', () => {
  const found = (data: object): unknown => table().page('search', { highlight: true, ...data }).data.highlights
  expect(found({ query: 'AN' })).toEqual({ 2: { name: ['B', 'an', 'ana'] } })
  expect(found({ query: 'AN', fields: ['stock'] })).toEqual({})
  expect(found({})).toEqual({})
  expect(table().page('search', { query: 'an' }).data).not.toHaveProperty('highlights')
})

it('keeps rows under the next free number, or under the key they bring', () => {
  const one = table()
  expect(one.insert({ name: 'Date' })).toEqual({ id: 4, name: 'Date' })
  expect(one.insert({ id: 'x', name: 'Fig' })).toEqual({ id: 'x', name: 'Fig' })
  expect(new FakeTable('shop.Product', {}).insert({})).toEqual({ id: 1 })
  expect(one.update('x', { name: 'Figs' })).toEqual({ id: 'x', name: 'Figs' })
  one.remove('x')
  expect(one.get('x')).toBeUndefined()
  for (const work of [() => one.find('x'), () => one.update('x', {}), () => one.remove('x')])
    expect(work).toThrow('No shop.Product with this id.')
})

it('says what is wrong with values', () => {
  const fields = { stock: [{ code: 'min', message: 'Too few.' }] }
  expect(() => table().check({}, null)).not.toThrow()
  expect(() => table({ validate: () => ({}) }).check({}, 1)).not.toThrow()
  expect(() => table({ validate: () => fields }).check({}, 1)).toThrow('Please check the fields.')
})

it('shows a form with the values of a row, as submitted, or as a new one begins', () => {
  const fields = [
    { name: 'name', type: 'CharField', widget: 'TextInput', label: 'Name', required: true, initial: 'New' },
  ]
  const one = table({ fields })
  const nameIn = (...args: Parameters<FakeTable['form']>): unknown => one.form(...args).fields[0]?.value
  expect([nameIn(1), nameIn(null), nameIn(1, {}, { name: 'Typed' })]).toEqual(['Apple', 'New', 'Typed'])
  expect(table().form(null)).toEqual({ fields: [], object: null, errors: {}, success: false })
})

it('describes itself by its first row, or as it was told to', () => {
  expect(table().describe()).toMatchObject({ stream: 'shop.Product', pk: 'id', ordering: ['id', 'name', 'stock'] })
  expect(new FakeTable('shop.Empty', {}).describe().fields).toMatchObject([{ name: 'id', editable: false }])
  expect(table({ describe: { label: 'product' } }).describe().label).toBe('product')
})

it('puts related rows into rows as declared, and refuses what is not', async () => {
  const server = new FakeServer()
  server.bind('shop.Category', { rows: [{ id: 'a', name: 'Fruit' }] })
  const products = server.bind('shop.Product', {
    rows: PRODUCTS.map(row => ({ ...row, category: row.id === 1 ? 'a' : null })),
    expandable: {
      category: { stream: 'shop.Category', key: 'category' },
      'category.products': { stream: 'shop.Product', by: 'category', order: '-id' },
    },
  })
  const [first, second] = products.page('search', { expand: ['category.products'] }).rows
  expect(first?.expand).toEqual({
    category: { id: 'a', name: 'Fruit', expand: { products: [{ ...PRODUCTS[0], category: 'a' }] } },
  })
  expect(second?.expand).toEqual({ category: null })
  expect(products.describe().expandable).toEqual([
    { name: 'category', stream: 'shop.Category', limit: null },
    { name: 'category.products', stream: 'shop.Product', limit: 20 },
  ])
  expect(() => products.page('search', { expand: ['stock'] })).toThrow('cannot be expanded')
  const client = new ChannelsClient({ ...server.options, transport: 'ws' })
  const states: unknown[] = []
  client.live('shop.Product', 'retrieve', { id: 1, expand: ['category'] }, state => states.push(state.data?.expand))
  await settle(10)
  expect(states.at(-1)).toEqual({ category: { id: 'a', name: 'Fruit' } })
  server.update('shop.Category', 'a', { name: 'Fruits' })
  await settle(10)
  expect(states.at(-1)).toEqual({ category: { id: 'a', name: 'Fruits' } })
  client.close()
})
