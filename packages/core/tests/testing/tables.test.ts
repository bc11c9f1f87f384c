import { expect, it, vi } from 'vitest'
import { FakeTables } from '../../src/testing/tables.js'

it('tells of changes that belong together once, also of those that end in an error', () => {
  const changed = vi.fn()
  const tables = new FakeTables(changed)
  const table = tables.bind('shop.Product', { rows: [{ id: 1, stock: 1 }] })
  tables.act(table, 'update', { id: 1, stock: 2 })
  expect(changed).toHaveBeenCalledTimes(1)
  tables.commit(() => {
    for (const stock of [3, 4]) tables.act(table, 'save', { id: 1, stock })
  })
  expect(changed).toHaveBeenCalledTimes(2)
  const half = (): void =>
    tables.commit(() => {
      tables.act(table, 'create', { stock: 5 })
      tables.act(table, 'delete', { id: 99 })
    })
  expect(half).toThrow(/./)
  expect([changed.mock.calls.length, table.rows.length]).toEqual([3, 2])
  expect(() => tables.get('no.Such')).toThrow('no.Such')
  expect(() => tables.act(table, 'dance', {})).toThrow('dance')
})

it('makes all of an atomic batch or nothing of it, and each operation of another by itself', () => {
  const tables = new FakeTables(() => undefined)
  const table = tables.bind('shop.Product', { rows: [{ id: 1, stock: 1 }] })
  const ops = [
    { event: 'shop.Product.create', data: { stock: 5 }, as: 'made' },
    { event: 'shop.Product.update', data: { id: { $ref: 'made.id' }, stock: 6 } },
    { event: 'shop.Product.delete', data: { id: 99 } },
  ]
  expect(() => tables.batch({ ops })).toThrow(expect.objectContaining({ code: 'not_found', op: 2 }))
  expect(table.rows).toEqual([{ id: 1, stock: 1 }])
  expect(tables.batch({ ops, atomic: false })).toMatchObject({
    success: false,
    results: [{ data: {} }, { data: {} }, { error: {} }],
  })
  expect(table.rows).toMatchObject([{ stock: 1 }, { stock: 6 }])
})
