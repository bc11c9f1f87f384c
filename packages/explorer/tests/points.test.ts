import { expect, it } from 'vitest'
import { ceilingOf, pathOf, ratesOf, short } from '../src/figures/points'

const top = (...values: (number | null)[]): number => ceilingOf([{ name: 'n', values }])

it('ends a plot at a round number that nothing is above', () => {
  expect([top(), top(0, null), top(0.4), top(1.5), top(3), top(7), top(10), top(11), top(640)]).toEqual([
    1, 1, 1, 2, 5, 10, 10, 20, 1000,
  ])
})

it('draws the newest value at the right edge, and breaks a line where nothing was measured', () => {
  expect(pathOf([0, 5, 10], 10, 100, 50, 3)).toBe('M0.0 50.0L50.0 25.0L100.0 0.0')
  expect(pathOf([10], 10, 100, 50, 3)).toBe('M100.0 0.0')
  expect(pathOf([0, null, 10], 10, 100, 50, 3)).toBe('M0.0 50.0M100.0 0.0')
  expect(pathOf([1], 1, 100, 50, 1)).toBe('M0.0 0.0')
})

it('makes rates of totals; one that falls has begun anew', () => {
  const at = (seconds: number, n: number): { at: number; n: number } => ({ at: seconds * 1_000, n })
  expect(ratesOf([at(0, 1), at(2, 5), at(3, 5)])).toEqual([2, 0])
  expect(ratesOf([at(0, 100), at(2, 5)])).toEqual([null])
  expect(ratesOf([at(0, 1), at(0, 5)])).toEqual([null])
  expect(ratesOf([at(0, 1)])).toEqual([])
})

it('writes numbers in few characters', () => {
  expect([short(0.254), short(1.26), short(12.6), short(1250)]).toEqual(['0.25', '1.3', '13', '1,250'])
})
