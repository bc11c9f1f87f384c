import { FakeTable } from '@channels-binding/core/testing'
import { expect, it } from 'vitest'
import { ListRead, RowRead } from '../../src/testing/read.js'
import { PRODUCTS } from '../helpers.js'

const products = (): FakeTable => new FakeTable('shop.Product', { rows: PRODUCTS })

it('answers a list with what it holds, with what is missing, or that it is the same', () => {
  const read = new ListRead(products(), 'search', { limit: 2, order: 'name' })
  const answer = read.answer(undefined, true)
  expect(answer).toMatchObject({ type: 'snapshot', data: { count: 3, rows: [{ id: 1 }, { id: 2 }] } })
  expect(read.answer({ v: answer.v as string, rows: [] }, true)).toMatchObject({ type: 'same' })
  expect(read.answer({ v: 'old', rows: [] }, true)).toMatchObject({ type: 'delta', data: { order: [1, 2] } })
  expect(read.answer(undefined, false)).toEqual({ data: expect.objectContaining({ count: 3 }) })
})

it('pushes what has changed in a list, once', () => {
  const table = products()
  const read = new ListRead(table, 'list', {})
  expect(read.change(true)).toBeNull()
  table.update(1, { stock: 11 })
  expect(read.change(true)).toMatchObject({ type: 'diff', data: { patch: [[1, { stock: 11 }, expect.any(String)]] } })
  expect(read.change(true)).toBeNull()
  table.remove(1)
  expect(read.change(false)).toMatchObject({ data: { count: 2, rows: [{ id: 2 }, { id: 3 }] } })
})

it('follows a row through its change, its end and its return', () => {
  const table = products()
  const read = new RowRead(table, { id: 1, fields: ['stock'] })
  const { v } = read.answer(undefined, true)
  expect(read.answer(undefined, true)).toEqual({ type: 'snapshot', v, data: { id: 1, stock: 10 } })
  expect(read.answer({ v: v as string }, true)).toEqual({ type: 'same', v })
  table.update(1, { name: 'not shown' })
  expect(read.change(true)).toBeNull()
  table.update(1, { stock: 11 })
  expect(read.change(true)).toMatchObject({
    type: 'diff',
    from: v,
    data: { patch: [[1, { stock: 11 }, expect.any(String)]] },
  })
  table.remove(1)
  expect([read.change(true), read.change(true)]).toEqual([{ type: 'gone' }, null])
  table.insert({ id: 1, stock: 5 })
  expect(read.change(true)).toMatchObject({ type: 'snapshot', data: { id: 1, stock: 5 } })
})

it('sends whole rows to a client without the protocol, and the end of one as an event', () => {
  const table = products()
  const read = new RowRead(table, { id: 1 })
  expect(read.answer(undefined, false)).toEqual({ data: PRODUCTS[0] })
  table.update(1, { stock: 11 })
  expect(read.change(false)).toEqual({ data: { ...PRODUCTS[0], stock: 11 } })
  table.remove(1)
  expect(read.change(false)).toEqual({ event: 'shop.Product.delete', data: { id: 1 } })
  table.insert({ id: 1, stock: 5 })
  expect(read.change(false)).toEqual({ data: { id: 1, stock: 5 } })
})

it('refuses a row that is not there', () => {
  expect(() => new RowRead(products(), { id: 99 })).toThrow('No shop.Product with this id.')
})
