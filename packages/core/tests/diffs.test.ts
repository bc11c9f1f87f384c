import { expect, it } from 'vitest'
import { crc32 } from '../src/crc32.js'
import { applyMessage, haveOf, versionOf } from '../src/diffs.js'
import type { Message } from '../src/types.js'
import type { Window } from '../src/window.js'

type Item = { id: number | string; [field: string]: unknown }

const rows: Item[] = [
  { id: 9, amount: 900 },
  { id: 4, amount: 850 },
  { id: 7, amount: 800 },
]
const etags = ['a1', 'c7', '09']

const message = (part: Omit<Message, 'event'>): Message => ({ event: 'app.Order.search#h1', ...part })
const start = (): Window => {
  const outcome = applyMessage(
    null,
    message({ type: 'snapshot', v: versionOf(rows, etags), data: { count: 57, order: '-amount', rows }, etags }),
  )
  if (outcome === 'diverged') throw new Error('the snapshot does not fit')
  return outcome.window
}
const apply = (window: Window, part: Omit<Message, 'event'>): Window => {
  const outcome = applyMessage(window, message(part))
  if (outcome === 'diverged') throw new Error('diverged')
  return outcome.window
}
const rowsOf = (window: Window): Item[] => window.data.rows as Item[]

it('gives a list the checksum of its keys and etags as version', () => {
  expect(versionOf([], [])).toBe('00000000')
  expect(versionOf(rows, etags)).toBe(crc32('9:a1,4:c7,7:09'))
})

it('lets a row enter, another leave and a third change (the example of protocol §3)', () => {
  const window = start()
  const v = crc32('9:b2,5:f0,4:c7')
  const next = apply(window, {
    type: 'diff',
    from: window.v ?? '',
    v,
    data: { remove: [7], put: [[1, { id: 5, amount: 870 }, 'f0']], patch: [[9, { title: 'new' }, 'b2']], count: 58 },
  })
  expect(rowsOf(next)).toEqual([
    { id: 9, amount: 900, title: 'new' },
    { id: 5, amount: 870 },
    { id: 4, amount: 850 },
  ])
  expect(next).toMatchObject({ v, etags: ['b2', 'f0', 'c7'], data: { count: 58, order: '-amount' } })
})

it('moves a row that was taken out in the same message', () => {
  const window = start()
  const v = crc32('4:d4,9:a1,7:09')
  const data = { remove: [4], put: [[0, 4]], patch: [[4, { amount: 910 }, 'd4']] }
  expect(rowsOf(apply(window, { type: 'diff', from: window.v ?? '', v, data })).map(row => row.id)).toEqual([4, 9, 7])
})

it('puts rows in ascending order of their places, however they are sent', () => {
  const window = start()
  const v = crc32('1:x,9:a1,2:y,4:c7,7:09')
  const data = {
    put: [
      [2, { id: 2 }, 'y'],
      [0, { id: 1 }, 'x'],
    ],
  }
  expect(rowsOf(apply(window, { type: 'diff', from: window.v ?? '', v, data })).map(row => row.id)).toEqual([
    1, 9, 2, 4, 7,
  ])
})

it('keeps the identity of rows that did not change', () => {
  const window = start()
  const v = crc32('9:b2,4:c7,7:09')
  const next = apply(window, { type: 'diff', from: window.v ?? '', v, data: { patch: [[9, { amount: 901 }, 'b2']] } })
  expect(rowsOf(next)[0]).not.toBe(rowsOf(window)[0])
  expect(rowsOf(next)[1]).toBe(rowsOf(window)[1])
  expect(rowsOf(window)[0]).toEqual({ id: 9, amount: 900 })
})

it('clears the names that a patch clears', () => {
  const window = start()
  const data = { patch: [[9, {}, 'b2', ['amount']]] }
  const next = apply(window, { type: 'diff', from: window.v ?? '', v: crc32('9:b2,4:c7,7:09'), data })
  expect(rowsOf(next)[0]).toEqual({ id: 9 })
})

it('takes over a count that changed without the rows', () => {
  const window = start()
  const v = window.v ?? ''
  expect(apply(window, { type: 'diff', from: v, v, data: { count: 58 } }).data.count).toBe(58)
})

it('leaves a diff out that it has already', () => {
  const window = start()
  const data = { remove: [7] }
  const next = apply(window, { type: 'diff', from: window.v ?? '', v: crc32('9:a1,4:c7'), data })
  expect(apply(next, { type: 'diff', from: window.v ?? '', v: crc32('9:a1,4:c7'), data })).toBe(next)
})

it.each([
  ['another version before it', { from: 'ffffffff', v: 'eeeeeeee', data: { remove: [7] } }],
  ['another version after it', { from: versionOf(rows, etags), v: 'eeeeeeee', data: { remove: [7] } }],
  ['a row that nobody took out', { from: versionOf(rows, etags), v: 'eeeeeeee', data: { put: [[0, 77]] } }],
])('finds a diff that has %s', (_what, part) => {
  expect(applyMessage(start(), message({ type: 'diff', ...part }))).toBe('diverged')
})

it('builds a list out of what it has and what a delta brings', () => {
  const window = start()
  const next = apply(window, {
    type: 'delta',
    v: crc32('7:09,5:f0,9:b2'),
    data: { order: [7, 5, 9], rows: [{ id: 5 }, { id: 9, amount: 1 }], count: 3 },
    etags: ['f0', 'b2'],
  })
  expect(rowsOf(next)).toEqual([{ id: 7, amount: 800 }, { id: 5 }, { id: 9, amount: 1 }])
  expect(rowsOf(next)[0]).toBe(rowsOf(window)[2])
  expect(next.data).toMatchObject({ count: 3, order: '-amount' })
})

it('finds a delta that counts on a row it does not have', () => {
  expect(applyMessage(start(), message({ type: 'delta', v: 'x', data: { order: [1], rows: [] } }))).toBe('diverged')
})

it('changes nothing at `same`, and finds one that is not', () => {
  const window = start()
  expect(apply(window, { type: 'same', v: window.v ?? '' })).toBe(window)
  expect(applyMessage(window, message({ type: 'same', v: 'other' }))).toBe('diverged')
  expect(applyMessage(null, message({ type: 'same', v: 'other' }))).toBe('diverged')
})

it('takes over what stands beside the rows at `same`', () => {
  const window = start()
  const next = apply(window, { type: 'same', v: window.v ?? '', data: { count: 58, page: 1 } })
  expect(next.data).toMatchObject({ count: 58, page: 1, order: '-amount' })
  expect(next.data.rows).toBe(window.data.rows)
  expect(apply(next, { type: 'same', v: window.v ?? '', data: { count: 58 } })).toBe(next)
})

it('keeps rows with the same etag when a whole snapshot comes', () => {
  const window = start()
  const data = {
    count: 2,
    order: null,
    rows: [
      { id: 9, amount: 900 },
      { id: 4, amount: 1 },
    ],
  }
  const next = apply(window, { type: 'snapshot', v: crc32('9:a1,4:zz'), data, etags: ['a1', 'zz'] })
  expect(rowsOf(next)[0]).toBe(rowsOf(window)[0])
  expect(rowsOf(next)[1]).toEqual({ id: 4, amount: 1 })
})

it('patches a single row, whose version is its etag', () => {
  const window = apply(null as never, { type: 'snapshot', v: 'e1', data: { id: 1, a: 1, b: 2 } })
  const data = { patch: [[1, { a: 3 }, 'e2', ['b']]] }
  const next = apply(window, { type: 'diff', from: 'e1', v: 'e2', data })
  expect(next).toMatchObject({ v: 'e2', data: { id: 1, a: 3 } })
  expect(next.data).not.toHaveProperty('b')
  expect(applyMessage(window, message({ type: 'diff', from: 'e1', v: 'e3', data }))).toBe('diverged')
})

it('says what it has', () => {
  expect(haveOf(null)).toBeUndefined()
  expect(haveOf(start())).toEqual({
    v: versionOf(rows, etags),
    rows: [
      [9, 'a1'],
      [4, 'c7'],
      [7, '09'],
    ],
  })
  expect(haveOf(apply(null as never, { type: 'snapshot', v: 'e1', data: { id: 1 } }))).toEqual({ v: 'e1' })
})

it('cannot be made to change Object.prototype', () => {
  const window = start()
  const data = JSON.parse('{"patch":[[9,{"__proto__":{"evil":1}},"b2"]],"__proto__":{"evil":2}}')
  apply(window, { type: 'diff', from: window.v ?? '', v: crc32('9:b2,4:c7,7:09'), data })
  expect(({} as { evil?: number }).evil).toBeUndefined()
})

it('finds a diff or a delta that comes before anything is shown', () => {
  for (const type of ['same', 'delta', 'diff'] as const)
    expect(applyMessage(null, message({ type, v: 'x', from: 'x', data: {} }))).toBe('diverged')
})

it('shows data of a server without versions, and says nothing of what it has', () => {
  const outcome = applyMessage(null, message({ data: { rows: [{ id: 1 }], count: 1 } }))
  expect(outcome).toEqual({ window: { data: { rows: [{ id: 1 }], count: 1 }, v: null, etags: [] } })
  expect(haveOf((outcome as { window: Window }).window)).toBeUndefined()
  expect(applyMessage(null, message({}))).toEqual({ window: { data: {}, v: null, etags: [] } })
})

it('keeps a single row of the same version, and takes another', () => {
  const first = apply(start(), { type: 'snapshot', v: 'e1', data: { id: 1 } })
  expect(apply(first, { type: 'snapshot', v: 'e1', data: { id: 1 } })).toBe(first)
  expect(apply(first, { type: 'snapshot', v: 'e2', data: { id: 1 } })).not.toBe(first)
  expect(applyMessage(first, message({ type: 'diff', from: 'e1', v: 'e9', data: {} }))).toBe('diverged')
})

it('finds a diff that puts a row it does not have', () => {
  const window = start()
  const data = { put: [[0, 99]] }
  expect(applyMessage(window, message({ type: 'diff', from: window.v ?? '', v: 'x', data }))).toBe('diverged')
})
