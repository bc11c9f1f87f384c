import { expect, it } from 'vitest'
import { resolved } from '../../src/testing/references.js'

const named = new Map<string, unknown>([['made', { id: 7, rows: [{ id: 8 }] }]])

it.each([
  [{ id: { $ref: 'made.id' } }, { id: 7 }],
  [
    [{ $ref: 'made.rows.0.id' }, 'made.id'],
    [8, 'made.id'],
  ],
  [{ a: { b: [{ $ref: 'made.rows' }] } }, { a: { b: [[{ id: 8 }]] } }],
  [
    { $ref: 'made.id', and: 1 },
    { $ref: 'made.id', and: 1 },
  ],
  [{ $ref: 'no reference' }, { $ref: 'no reference' }],
  [null, null],
  [5, 5],
])('reads %j as %j', (value, expected) => {
  expect(resolved(value, named)).toEqual(expected)
})

it.each(['made.other', 'made.id.x', 'nobody.id'])('refuses %s, of which nothing is known', reference => {
  expect(() => resolved({ $ref: reference }, named)).toThrow(reference)
})
