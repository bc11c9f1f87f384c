import { expect, it } from 'vitest'
import { answerTo, diffOf, pageOf } from '../../src/testing/page.js'

const page = (...ids: number[]): ReturnType<typeof pageOf> =>
  pageOf(
    { count: ids.length },
    ids.map(id => ({ id })),
  )

it('moves as few rows as it can', () => {
  expect(diffOf(page(1, 2, 3), page(3, 1, 2))).toMatchObject({ data: { remove: [3], put: [[0, 3]] } })
  expect(diffOf(page(1, 2, 3), page(2, 3, 1))).toMatchObject({ data: { remove: [1], put: [[2, 1]] } })
  expect(diffOf(page(1, 2), page(1, 2))).toBeNull()
  expect(diffOf(page(), page(1))).toMatchObject({
    from: '00000000',
    data: { put: [[0, { id: 1 }, expect.any(String)]] },
  })
})

it('answers a returning client with what it lacks', () => {
  const now = page(1, 2)
  expect(answerTo({ v: now.v, rows: [] }, now)).toEqual({ type: 'same', v: now.v, data: { count: 2 } })
  const have = { v: 'other', rows: [[1, now.etags[0] ?? ''] as const] }
  expect(answerTo(have, now)).toMatchObject({ type: 'delta', data: { order: [1, 2], rows: [{ id: 2 }], count: 2 } })
})
