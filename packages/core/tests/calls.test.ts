import { BindingError } from '@channels-binding/core'
import { seen } from '@channels-binding/core/writes'
import { expect, it } from 'vitest'
import { fakeClock, settle, world } from './helpers.js'

fakeClock()

it('brings each reply to its call, in whatever order they come', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  const first = client.retrieve('shop.Product', 1)
  const second = client.retrieve('shop.Product', 2)
  await settle()
  expect([await second, await first]).toMatchObject([{ name: 'Banana' }, { name: 'Apple' }])
  const ids = server.requests('retrieve').map(request => request.id)
  expect(new Set(ids).size).toBe(2)
})

it('rejects with what the server says', async () => {
  const { client } = world({}, { validate: () => ({ stock: [{ code: 'min_value', message: 'Too few.' }] }) })
  const error = await client.save('shop.Product', { id: 1, stock: -1 }).catch(reason => reason)
  expect(error).toBeInstanceOf(BindingError)
  expect(error).toMatchObject({ code: 'invalid', fields: { stock: [{ message: 'Too few.' }] } })
})

it('ends a call that nobody answers after fifteen seconds', async () => {
  const { client, server } = world({ heartbeat: false })
  client.connect()
  await settle()
  server.bends.silent = true
  const call = expect(client.describe('shop.Product')).rejects.toMatchObject({ code: 'timeout', retry: true })
  await settle(15_000)
  await call
})

it('waits for an answer as long as it takes, where there is no limit', async () => {
  const { client, server } = world({ heartbeat: false })
  server.hold()
  const call = client.describe('shop.Product', { timeoutMs: Number.POSITIVE_INFINITY })
  await settle(60_000)
  server.release()
  await expect(call).resolves.toMatchObject({ stream: 'shop.Product' })
})

it('ends a call that waits for a connection in vain', async () => {
  const { client, server } = world()
  server.bends.refuse = Number.POSITIVE_INFINITY
  const call = expect(client.describe('shop.Product', { timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'timeout' })
  await settle(1_000)
  await call
})

it('ends a call when its signal says so', async () => {
  const { client, server } = world()
  server.hold()
  const controller = new AbortController()
  const call = expect(client.describe('shop.Product', { signal: controller.signal })).rejects.toThrow('enough')
  await settle()
  controller.abort(new Error('enough'))
  await call
  server.release()
  await settle()
  await expect(client.describe('shop.Product', { signal: controller.signal })).rejects.toThrow('enough')
})

it('sends a read again when the connection was lost before the answer', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.hold()
  const read = client.search('shop.Product', { limit: 1 })
  const form = client.form('shop.Product', 1)
  await settle()
  server.close(4500)
  server.release()
  await settle(250)
  expect(await read).toMatchObject({ count: 3 })
  expect(await form).toMatchObject({ object: { id: 1 } })
})

it('rejects a write when the connection was lost before the answer, for it may have happened', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.hold()
  const writes = [
    client.save('shop.Product', { id: 1, stock: 0 }),
    client.submitForm('shop.Product', { stock: 0 }, { id: 1 }),
  ].map(write => expect(write).rejects.toMatchObject({ code: 'unavailable', retry: true }))
  await settle()
  server.close(4500)
  await settle(250)
  await Promise.all(writes)
})

it.each([4503, 4500, 1006])(
  'sends a write after the hello alone, so that none is lost that is closed with %i before it',
  async code => {
    const { client, server } = world()
    server.bends.silent = true
    const write = client.save('shop.Product', { id: 1, stock: 0 })
    const read = client.retrieve('shop.Product', 2)
    await settle()
    expect([server.requests('save').length, server.requests('retrieve').length]).toEqual([0, 1])
    server.bends.silent = false
    server.close(code)
    await settle(250)
    expect(await write).toMatchObject({ success: true, id: 1 })
    expect(await read).toMatchObject({ name: 'Banana' })
    expect(server.requests('save')).toHaveLength(1)
  },
)

it('does not know of a write whose connection broke before its answer', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.bends.silent = true
  const write = expect(client.save('shop.Product', { id: 1, stock: 0 })).rejects.toMatchObject({ code: 'unavailable' })
  await settle()
  server.close(1006)
  await write
})

it('sends a write with a key again, for the server makes it once', async () => {
  const { client, server } = world()
  client.live('shop.Product', 'search', {})
  await settle()
  const ifVersion = seen(client, 'shop.Product', 1)?.v
  server.hold()
  const write = client.save('shop.Product', { id: 1, stock: 0 }, { key: 'k1', ifVersion })
  await settle()
  server.close(4500)
  server.release()
  await settle(250)
  expect(await write).toEqual({ success: true, id: 1 })
  const sent = server.requests('save')
  expect(sent).toHaveLength(2)
  expect(sent[1]).toEqual(sent[0])
  expect(sent[0]).toMatchObject({ key: 'k1', if: ifVersion })
})

it('sends a write that was never sent, once there is a connection', async () => {
  const { client, server } = world()
  server.bends.refuse = 1
  const write = client.save('shop.Product', { id: 1, stock: 0 })
  await settle(250)
  expect(await write).toEqual({ success: true, id: 1 })
})

it('rejects at once while the user is refused', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  const waiting = expect(client.describe('shop.Product')).rejects.toMatchObject({ code: 'unauthenticated' })
  server.hold()
  server.close(4401)
  await settle()
  await waiting
  await expect(client.describe('shop.Product')).rejects.toMatchObject({ code: 'unauthenticated' })
})

it('stays with a server that goes away until the calls that were sent are answered', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  const [first] = server.connections
  server.hold()
  const write = client.update('shop.Product', 1, { stock: 11 })
  await settle()
  server.system('cb.goaway', { reason: 'deploy', reconnect: true, after_ms: 10 })
  await settle(100)
  expect(server.connections.has(first as never)).toBe(true)
  server.release()
  await settle(100)
  expect(await write).toMatchObject({ success: true })
  expect(server.connections.has(first as never)).toBe(false)
})

it('leaves out an answer that comes too late, or to nobody', async () => {
  const { client, server } = world()
  server.hold()
  const call = expect(client.describe('shop.Product', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' })
  await settle(50)
  await call
  server.release()
  await settle()
  server.raw('{"event":"shop.Product.describe","id":99,"error":{"code":"internal","message":"?"}}')
  await settle()
  expect(client.getState().status).toBe('open')
})
