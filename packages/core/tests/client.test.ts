import { BindingError } from '@channels-binding/core'
import { afterEach, expect, it, vi } from 'vitest'
import { fakeClock, settle, world } from './helpers.js'

fakeClock()
afterEach(() => {
  vi.restoreAllMocks()
})

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

it('sends what is asked within one microtask as one array frame', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  const before = server.frames.length
  void client.retrieve('shop.Product', 1)
  void client.retrieve('shop.Product', 2)
  await settle()
  expect(server.frames.slice(before)).toHaveLength(1)
  expect(JSON.parse(server.frames.at(-1) ?? '')).toHaveLength(2)
})

it('splits a frame that would be larger than the server takes', async () => {
  const { client, server } = world()
  server.hello = { ...server.hello, limits: { frame_bytes: 200 } }
  client.connect()
  await settle()
  expect(client.limits.frame_bytes).toBe(200)
  const before = server.frames.length
  for (let id = 1; id <= 3; id++) void client.retrieve('shop.Product', id)
  await settle()
  const frames = server.frames.slice(before)
  expect(frames.length).toBeGreaterThan(1)
  for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(200)
  expect(server.requests('retrieve')).toHaveLength(3)
})

it('sends small frames until the server says what it takes', async () => {
  const { client, server } = world()
  server.hello = { ...server.hello, limits: { frame_bytes: 60_000 } }
  for (let page = 1; page <= 50; page++) void client.list('shop.Product', { query: `${page}${'x'.repeat(300)}` })
  client.connect()
  await settle()
  expect(server.frames.length).toBeGreaterThan(3)
  for (const frame of server.frames) expect(frame.length).toBeLessThanOrEqual(4096)
})

it('offers the built-in actions', async () => {
  const { client, server } = world(
    {},
    { fields: [{ name: 'name', type: 'CharField', widget: 'TextInput', label: 'Name' }] },
  )
  expect(await client.search('shop.Product', { order: '-stock', limit: 1 })).toMatchObject({
    count: 3,
    rows: [{ id: 3 }],
  })
  expect(await client.list('shop.Product', { query: 'an' })).toMatchObject({ count: 1, rows: [{ name: 'Banana' }] })
  expect(await client.create('shop.Product', { name: 'Date', stock: 1 })).toMatchObject({ success: true, id: 4 })
  expect(await client.update('shop.Product', 4, { stock: 2 })).toEqual({ success: true, id: 4 })
  expect(await client.save('shop.Product', { id: 4, stock: 3 })).toEqual({ success: true, id: 4 })
  expect(await client.retrieve('shop.Product', 4)).toEqual({ id: 4, name: 'Date', stock: 3 })
  expect(await client.form('shop.Product', 4)).toMatchObject({ fields: [{ value: 'Date' }], success: false })
  expect(await client.submitForm('shop.Product', { name: 'Fig' }, { id: 4 })).toMatchObject({ success: true })
  expect(await client.delete('shop.Product', 4)).toEqual({ success: true, id: 4 })
  expect(await client.describe('shop.Product')).toMatchObject({ stream: 'shop.Product', pk: 'id' })
  expect(await client.auth('token')).toMatchObject({ success: true })
  const batch = await client.batch([
    { event: 'shop.Product.create', data: { name: 'Gin' }, as: 'made' },
    { event: 'shop.Product.delete', data: { id: { $ref: 'made.id' } } },
  ])
  expect(batch).toMatchObject({ success: true, results: [{ data: { name: 'Gin' } }, { data: { success: true } }] })
  await expect(
    client.batch([{ event: 'shop.Product.delete', data: { id: { $ref: 'nobody.id' } } }]),
  ).rejects.toMatchObject({ code: 'invalid' })
  expect(server.liveReads).toBe(0)
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

it('sends a write with a key again, for the server makes it once', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.hold()
  const write = client.save('shop.Product', { id: 1, stock: 0 }, { key: 'k1', ifVersion: 'e1' })
  await settle()
  server.close(4500)
  server.release()
  await settle(250)
  expect(await write).toEqual({ success: true, id: 1 })
  const sent = server.requests('save')
  expect(sent).toHaveLength(2)
  expect(sent[1]).toEqual(sent[0])
  expect(sent[0]).toMatchObject({ key: 'k1', if: 'e1' })
})

it('sends a write that was never sent, once there is a connection', async () => {
  const { client, server } = world()
  server.bends.refuse = 1
  const write = client.save('shop.Product', { id: 1, stock: 0 })
  await settle(250)
  expect(await write).toEqual({ success: true, id: 1 })
})

it('hears what handlers reflect, dispatch and broadcast', async () => {
  const { client, server } = world()
  const heard: unknown[] = []
  server.handle('game.hunger.food', (data, { reflect, dispatch, broadcast }) => {
    reflect('food', { reflected: data })
    dispatch('sos', { life: 9 })
    broadcast('news', { all: true })
    return { ok: true }
  })
  for (const event of ['game.hunger.food', 'game.hunger.sos', 'game.hunger.news'])
    client.on(event, data => heard.push(data))
  expect(await client.call('game.hunger.food', { amount: 1 })).toEqual({ ok: true })
  expect(heard).toEqual([{ reflected: { amount: 1 } }, { life: 9 }, { all: true }])
})

it('brings a push with a hash to those who listen without one, and nothing to those who stopped', async () => {
  const { client, server } = world()
  const heard = vi.fn()
  const stop = client.on('game.hunger.sos', heard)
  await settle()
  server.broadcast('game.hunger.sos#h7', { life: 1 })
  await settle()
  expect(heard).toHaveBeenCalledExactlyOnceWith({ life: 1 })
  stop()
  server.broadcast('game.hunger.sos', { life: 2 })
  await settle()
  expect(heard).toHaveBeenCalledOnce()
})

it('keeps a stream subscribed for as long as anybody wants it, across reconnects', async () => {
  const { client, server } = world()
  const heard = vi.fn()
  const first = client.subscribeStream('game.hunger', heard)
  const second = client.subscribeStream('game.hunger')
  await settle()
  expect(server.requests('subscribe')).toHaveLength(1)
  server.close(4500)
  await settle(250)
  expect(server.requests('subscribe')).toHaveLength(2)
  server.dispatch('game.hunger.sos', { life: 1 })
  await settle()
  expect(heard).toHaveBeenCalledExactlyOnceWith('sos', { life: 1 })
  first()
  first()
  await settle()
  expect(server.requests('unsubscribe')).toHaveLength(0)
  second()
  await settle()
  expect(server.requests('unsubscribe')).toHaveLength(1)
})

it('survives whatever arrives', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  for (const text of [
    'nonsense',
    '[]',
    'null',
    '7',
    '{"event":5}',
    '[null,{"event":"cb.unknown"}]',
    '{"event":"x","id":99}',
  ])
    server.raw(text)
  await settle()
  expect(await client.retrieve('shop.Product', 1)).toMatchObject({ name: 'Apple' })
})

it('survives a callback that throws', async () => {
  const { client, server } = world()
  const report = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  client.on('a.b', () => {
    throw new Error('mine')
  })
  const heard = vi.fn()
  client.on('a.b', heard)
  await settle()
  server.broadcast('a.b', 1)
  await settle()
  expect(heard).toHaveBeenCalledWith(1)
  expect(report).toHaveBeenCalledOnce()
})

it('reports errors that belong to no call', async () => {
  const { client, server } = world()
  const heard = vi.fn()
  client.onError(heard)
  client.connect()
  await settle()
  server.raw('{"event":"cb.error","error":{"code":"bad_request","message":"?"}}')
  server.raw('{"event":"a.b","error":{"code":"limit_exceeded","message":"!"}}')
  await settle()
  expect(heard.mock.calls.map(([error, event]) => [error.code, event])).toEqual([
    ['bad_request', 'cb.error'],
    ['limit_exceeded', 'a.b'],
  ])
})

it('counts what goes by', async () => {
  const { client } = world()
  await client.describe('shop.Product')
  expect(client.stats).toEqual({ divergences: 0, received: 3, sent: 2 })
})
