import { FakeServer } from '@channels-binding/core/testing'
import { expect, it } from 'vitest'
import { answerTo, diffOf, pageOf } from '../src/testing/page.js'
import { fakeClock, settle, world } from './helpers.js'

fakeClock()

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

it('refuses what it does not know', async () => {
  const { client } = world()
  await expect(client.describe('no.Such')).rejects.toMatchObject({ code: 'not_found' })
  await expect(client.call('shop.Product.dance')).rejects.toMatchObject({ code: 'method_not_allowed' })
  await expect(client.delete('shop.Product', 99)).rejects.toMatchObject({ code: 'not_found' })
})

it('puts NULLs last both ways, as the protocol asks', async () => {
  const rows = [
    { id: 1, n: null },
    { id: 2, n: 1 },
    { id: 3, n: 2 },
  ]
  const { client } = world({}, { rows })
  const order = async (name: string): Promise<unknown[]> =>
    (await client.list('shop.Product', { order: name })).rows.map(row => row.id)
  expect(await order('n')).toEqual([2, 3, 1])
  expect(await order('-n')).toEqual([3, 2, 1])
})

it('sends the changes of one commit in one frame', async () => {
  const { client, server } = world()
  client.live('shop.Product', 'search', { limit: 1 })
  client.live('shop.Product', 'list', {})
  await settle()
  const before = server.sent.length
  server.commit(() => {
    server.update('shop.Product', 1, { stock: 1 })
    server.update('shop.Product', 2, { stock: 2 })
  })
  expect(server.sent.slice(before)).toHaveLength(1)
  expect(JSON.parse(server.sent.at(-1) ?? '')).toHaveLength(2)
})

it('is a new one for each test', () => {
  expect(new FakeServer().received).toEqual([])
})
