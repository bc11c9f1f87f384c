import type { WindowPage } from '@channels-binding/core'
import { expect, it } from 'vitest'
import { adjusted, rowsOf, spansOf } from '../../src/react/windows.js'

type Page = WindowPage<{ id: number }>
const page = (ids: number[], has_next = false): Page => ({
  rows: ids.map(id => ({ id })),
  order: null,
  limit: 2,
  has_next,
  start: ids.length ? `c${ids[0]}` : null,
  end: ids.length ? `c${ids.at(-1)}` : null,
})

it('lays windows side by side, the last one open', () => {
  expect(spansOf([''])).toEqual([{ after: '' }])
  expect(spansOf(['', 'a', 'b'])).toEqual([{ after: '', until: 'a' }, { after: 'a', until: 'b' }, { after: 'b' }])
  expect(spansOf(['m', 'n'])).toEqual([{ after: 'm', until: 'n' }, { after: 'n' }])
})

it('parts what holds more than it shows, and joins what is empty with the next', () => {
  const borders = ['', 'c2', 'c9']
  expect(adjusted(borders, [page([1, 2]), page([5, 6], true), page([10], true)])).toEqual(['', 'c2', 'c6', 'c9'])
  expect(adjusted(borders, [page([]), page([5]), page([10])])).toEqual(['', 'c9'])
  expect(adjusted(borders, [page([1]), page([]), page([10])])).toEqual(['', 'c2'])
  for (const pages of [
    [page([1]), page([5]), page([])],
    [undefined, undefined, page([10], true)],
  ])
    expect(adjusted(borders, pages)).toBe(borders)
})

it('shows a row once while two windows hold it', () => {
  expect(rowsOf([page([1, 2]), page([2, 3])]).map(row => row.id)).toEqual([1, 2, 3])
})
