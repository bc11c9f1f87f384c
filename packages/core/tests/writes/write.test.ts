import { BindingError } from '@channels-binding/core'
import { conflictOf } from '@channels-binding/core/writes'
import { expect, it, vi } from 'vitest'
import { isMergeable, isSameWrite, newKey, type PendingWrite, waitsFor } from '../../src/writes/write.js'

const WRITE: PendingWrite = {
  key: 'k',
  stream: 'a.B',
  action: 'save',
  id: 1,
  values: { name: 'x' },
  base: { id: 1, name: 'a', stock: 2 },
  ifVersion: 'v1',
  user: null,
  state: 'waiting',
  error: null,
  isOptimistic: false,
  hasWaited: false,
}

it.each([
  [{}, { id: 1, name: 'a', stock: 3 }, true],
  [{}, { id: 1, name: 'b', stock: 2 }, false],
  [{}, { id: 1 }, false],
  [{}, null, false],
  [{ base: null }, { id: 1, name: 'a' }, false],
  [{ base: { id: 1 } }, { id: 1, name: 'a' }, false],
  [{ action: 'delete' }, { id: 1, name: 'a' }, false],
  [{ values: JSON.parse('{"__proto__": 1}') }, { id: 1, name: 'a' }, false],
] as const)('knows of %j and %j whether both can stand', (change, theirs, is) => {
  expect(isMergeable({ ...WRITE, ...change } as PendingWrite, theirs)).toBe(is)
})

it('waits for what concerns the same row, and for what has waited', () => {
  const earlier = { ...WRITE, id: 2 }
  expect(waitsFor(WRITE, earlier)).toBe(false)
  expect(waitsFor(WRITE, WRITE)).toBe(true)
  expect(waitsFor(WRITE, { ...earlier, hasWaited: true })).toBe(true)
  expect(waitsFor(WRITE, { ...WRITE, state: 'refused' })).toBe(false)
  expect(waitsFor({ ...WRITE, id: null }, { ...WRITE, id: null })).toBe(false)
})

it('takes the order of names for nothing', () => {
  const one = { ...WRITE, values: { a: 1, b: 2 } }
  expect(isSameWrite(one, { ...one, key: 'other', values: { b: 2, a: 1 } })).toBe(true)
  expect(isSameWrite(one, { ...one, values: { a: 1 } })).toBe(false)
})

it('finds the conflict in a refusal', () => {
  const current = { id: 1, name: 'b' }
  const error = new BindingError('precondition_failed', 'Changed.', { current, v: 'v2' })
  expect(conflictOf(WRITE, error)).toEqual({ mine: WRITE.values, theirs: current, base: WRITE.base })
  expect(conflictOf(WRITE, new BindingError('precondition_failed', 'Changed.'))).toBeNull()
  expect(conflictOf(WRITE, new BindingError('invalid', 'No.', { current }))).toBeNull()
  expect(conflictOf(WRITE, null)).toBeNull()
})

it('makes keys where pages have no TLS, and none twice', () => {
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
  const keys = Array.from({ length: 1_000 }, newKey)
  expect(new Set(keys).size).toBe(1_000)
  for (const key of keys) expect(key.length).toBeLessThan(64)
  vi.unstubAllGlobals()
})
