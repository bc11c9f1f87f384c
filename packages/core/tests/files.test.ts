import { expect, it } from 'vitest'
import { hasFile, holdsFile, rowsOf } from '../src/files.js'

const FILE = new File(['x'], 'x.txt')

it.each([
  [{ a: 1, b: null, c: [1, 2], d: [] }, false],
  [{ a: FILE }, true],
  [{ a: [FILE] }, true],
  [{ lines: [{ photo: FILE }] }, true],
  [{ lines: [{ photo: null }, { text: 'x' }] }, false],
])('sees whether %j holds a file', (values, is) => {
  expect(hasFile(values)).toBe(is)
})

it('takes for rows what can be one', () => {
  expect(rowsOf([{ a: 1 }, null, 3, FILE])).toEqual([{ a: 1 }])
  expect(rowsOf('text')).toEqual([])
  expect([holdsFile([FILE]), holdsFile([1]), holdsFile('x')]).toEqual([true, false, false])
})
