import { ChannelsClient } from '@channels-binding/core'
import { FakeServer } from '@channels-binding/core/testing'
import { expect, it, vi } from 'vitest'

vi.mock('../src/upload.js', () => {
  throw new TypeError('Failed to fetch dynamically imported module')
})

it('says that the server cannot be reached where what sends files cannot be loaded', async () => {
  const client = new ChannelsClient({ ...new FakeServer().options, transport: 'ws' })
  const file = new File(['x'], 'x.txt')
  const gone = { code: 'unavailable', retry: true }
  await expect(client.upload(file)).rejects.toMatchObject(gone)
  await expect(client.submitForm('shop.Product', { picture: file })).rejects.toMatchObject(gone)
  client.close()
})
