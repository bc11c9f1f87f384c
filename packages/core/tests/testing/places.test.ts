import { FakeServer } from '@channels-binding/core/testing'
import { expect, it } from 'vitest'
import { Places } from '../../src/testing/places.js'

const ROWS = [
  { id: 1, rank: 2, name: 'b' },
  { id: 2, rank: null, name: 'ü' },
  { id: 3, rank: 2, name: 'a' },
  { id: 4, rank: 1, name: 'a' },
]

it.each([['rank'], ['-rank'], [['name', '-rank']], ['-id'], [null]])(
  'splits a list in two at each row, in the order %s',
  order => {
    const places = new Places(order)
    const sorted = [...ROWS].sort((a, b) => places.compare(a, b))
    for (const [index, row] of sorted.entries()) {
      const cursor = places.cursorOf(row)
      expect(sorted.filter(each => places.isBehind(each, cursor, true))).toEqual(sorted.slice(index + 1))
      expect(sorted.filter(each => places.isInFront(each, cursor))).toEqual(sorted.slice(0, index))
    }
  },
)

it('refuses what is no cursor of the order', () => {
  expect(() => new Places('rank').isBehind({ id: 1 }, 'nothing', true)).toThrow('No such place.')
  const ofNames = new Places('name').cursorOf({ id: 1, name: 'a' })
  expect(() => new Places('rank').isBehind({ id: 1 }, ofNames, true)).toThrow('No such place.')
})

it('answers windows that follow each other, and the last rows in front of a place', () => {
  const table = new FakeServer().bind('shop.Product', { rows: ROWS })
  const first = table.page('search', { after: '', limit: 3, order: 'rank' })
  expect(first.rows.map(row => row.id)).toEqual([4, 1, 3])
  expect(first.data).toMatchObject({ limit: 3, has_next: true, order: 'rank' })
  const second = table.page('search', { after: first.data.end, order: 'rank' })
  expect(second.rows.map(row => row.id)).toEqual([2])
  const back = table.page('search', { before: second.data.start, limit: 2, order: 'rank' })
  expect(back.rows.map(row => row.id)).toEqual([1, 3])
  expect(back.data).toMatchObject({ has_previous: true })
  const until = table.page('search', { after: '', until: first.data.end, order: 'rank' })
  expect(until.rows).toEqual(first.rows)
  expect(table.page('search', { count: false, limit: 2, page: 2 }).data).toEqual({
    page: 2,
    limit: 2,
    has_next: false,
    order: null,
  })
  expect(table.page('search', { count: 'estimate' }).data).toMatchObject({ count: 4, count_is: 'exact' })
})
