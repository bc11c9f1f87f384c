import { seen } from '@channels-binding/core/writes'
import { expect, it } from 'vitest'
import { fakeClock, settle, world } from '../helpers.js'

fakeClock()

const PRODUCT = 'shop.Product'

it('finds a row in a list, with its version there', async () => {
  const { client } = world()
  expect(seen(client, PRODUCT, 1)).toBeNull()
  client.live(PRODUCT, 'search', {})
  expect(seen(client, PRODUCT, 1)).toBeNull()
  await settle()
  const found = seen(client, PRODUCT, 1)
  expect(found?.row).toMatchObject({ id: 1, name: 'Apple' })
  const [window] = [...client.shown].map(shown => shown.window)
  expect([window?.etags[0], window?.v]).toEqual([found?.v, expect.not.stringMatching(found?.v ?? '')])
  expect(seen(client, PRODUCT, 99)).toBeNull()
  expect(seen(client, 'shop.Order', 1)).toBeNull()
})

it('finds a row that is read alone, and its version after a change', async () => {
  const { client, server } = world()
  client.live(PRODUCT, 'retrieve', { id: 1 })
  await settle()
  const before = seen(client, PRODUCT, 1)
  server.update(PRODUCT, 1, { stock: 3 })
  await settle()
  const after = seen(client, PRODUCT, 1)
  expect(after?.row).toMatchObject({ id: 1, stock: 3 })
  expect(after?.v).not.toBe(before?.v)
})

it.each([{ fields: ['id', 'name'] }, { expand: [] }, { params: {} }])(
  'finds none where the read shows less, more or something else: %j',
  async params => {
    const { client } = world()
    const live = client.live.bind(client) as (...args: unknown[]) => unknown
    live(PRODUCT, 'list', params)
    await settle()
    expect(seen(client, PRODUCT, 1)).toBeNull()
  },
)
