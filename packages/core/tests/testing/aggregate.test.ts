import { expect, it } from 'vitest'
import { aggregateOf, declaredOf } from '../../src/testing/aggregate.js'

const ROWS = [
  { id: 1, kind: 'a', price: '1.50', weight: 2.5, made: '2026-03-14T09:30:00Z' },
  { id: 2, kind: 'b', price: '10.00', weight: null, made: '2026-02-28T23:30:00Z' },
  { id: 3, kind: 'a', price: null, weight: 0.5, made: null },
]
const DECLARED = {
  measures: { price: ['sum', 'avg', 'min', 'max', 'count'], weight: ['sum', 'avg'], kind: ['count_distinct'] },
  by: ['kind', 'made:hour', 'made:day', 'made:week', 'made:month', 'made:quarter', 'made:year'],
}
const asked = (data: Record<string, unknown>) => aggregateOf(ROWS, data, DECLARED)

it('measures as the server does: text of decimals, null of nothing', () => {
  const { measures } = declaredOf(DECLARED)
  expect(measures[0]).toBe('count')
  expect(asked({ measures })[1]).toEqual([
    {
      id: '[]',
      count: 3,
      'sum:price': '11.50',
      'avg:price': '5.750000',
      'min:price': '1.50',
      'max:price': '10.00',
      'count:price': 2,
      'sum:weight': 3,
      'avg:weight': 1.5,
      'count_distinct:kind': 2,
    },
  ])
  expect(aggregateOf([], { measures: ['count', 'sum:price', 'max:price'] }, DECLARED)[1]).toEqual([
    { id: '[]', count: 0, 'sum:price': null, 'max:price': null },
  ])
  expect(aggregateOf([], { by: ['kind'] }, DECLARED)[1]).toEqual([])
})

it.each([
  ['hour', '2026-03-14T09:00:00Z', '2026-02-28T23:00:00Z'],
  ['day', '2026-03-14', '2026-02-28'],
  ['week', '2026-03-09', '2026-02-23'],
  ['month', '2026-03-01', '2026-02-01'],
  ['quarter', '2026-01-01', '2026-01-01'],
  ['year', '2026-01-01', '2026-01-01'],
])('groups moments by the %s', (part, first, second) => {
  const [about, rows] = asked({ by: [`made:${part}`], order: [`-made:${part}`] })
  expect(rows.map(row => row[`made:${part}`])).toEqual([...new Set([first, second]), null])
  expect(about).toMatchObject({ count: rows.length, truncated: false })
})

it('orders, and says that there are more', () => {
  expect(asked({ by: ['kind'], order: '-count', limit: 1 })).toEqual([
    { limit: 1, count: 1, truncated: true, order: '-count' },
    [{ id: '["a"]', kind: 'a', count: 2 }],
  ])
})

it('refuses what is not declared', () => {
  expect(() => asked({ measures: ['sum:secret'] })).toThrow('Not declared')
  expect(() => asked({ by: ['price'] })).toThrow('Not declared')
})
