import { ChannelsClient } from '@channels-binding/core'
import { FakeServer } from '@channels-binding/core/testing'
import { expect, it } from 'vitest'
import { fakeClock, settle, world } from '../helpers.js'

fakeClock()

const WRONG = { stock: [{ code: 'min', message: 'Too few.' }] }

it('refuses what it does not know', async () => {
  const { client } = world()
  await expect(client.describe('no.Such')).rejects.toMatchObject({ code: 'not_found' })
  await expect(client.call('shop.Product.dance')).rejects.toMatchObject({ code: 'method_not_allowed' })
  await expect(client.delete('shop.Product', 99)).rejects.toMatchObject({ code: 'not_found' })
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

it('answers several rows by their keys, and leaves out those that are not there', async () => {
  const { client } = world()
  expect(await client.call('shop.Product.retrieve', { ids: [3, 99, 1] })).toMatchObject({
    rows: [{ id: 3 }, { id: 1 }],
  })
})

it('tells those who subscribed of an event, and everyone of a broadcast', async () => {
  const { client, server } = world()
  const heard: unknown[] = []
  client.on('game.sos', data => heard.push(data))
  await settle()
  server.dispatch('game.sos', 1)
  const leave = client.subscribeStream('game')
  await settle()
  server.dispatch('game.sos', 2)
  leave()
  await settle()
  server.dispatch('game.sos', 3)
  server.broadcast('game.sos', 4)
  await settle()
  expect(heard).toEqual([2, 4])
})

it('lets handlers answer, push and fail', async () => {
  const { client, server } = world()
  const heard: unknown[] = []
  client.on('game.news', data => heard.push(data))
  server.handle('game.food', (data, { reflect, dispatch, broadcast }) => {
    reflect('news', 1)
    dispatch('news', 2)
    broadcast('news', data)
  })
  server.handle('game.fail', () => {
    throw new Error('not expected')
  })
  expect(await client.call('game.food', { n: 3 })).toEqual({})
  expect(heard).toEqual([1, 2, { n: 3 }])
  await expect(client.call('game.fail')).rejects.toMatchObject({ code: 'internal', message: /not expected/ })
})

it('refuses what it is bent to refuse, and ends reads that may no longer be made', async () => {
  const { client, server } = world()
  server.bends.fail = ({ event }) => (event.endsWith('describe') ? { code: 'conflict', message: 'No.' } : null)
  await expect(client.describe('shop.Product')).rejects.toMatchObject({ code: 'conflict' })
  const [read, other] = [client.live('shop.Product', 'list', {}), client.live('shop.Order', 'list', {})]
  server.bind('shop.Order', {})
  await settle(1_000)
  server.withdraw('shop.Product')
  await settle()
  expect(read.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'forbidden' } })
  expect(other.getSnapshot().status).not.toBe('pending')
})

it('makes a diff of the wrong version, which the client notices', async () => {
  const { client, server } = world()
  client.live('shop.Product', 'retrieve', { id: 1 })
  await settle()
  server.bends.wrongVersion = 1
  server.update('shop.Product', 1, { stock: 1 })
  await settle()
  server.update('shop.Product', 1, { stock: 2 })
  await settle()
  expect(client.stats.divergences).toBe(1)
})

it('refuses a handshake as often as it is bent to', async () => {
  const { client, server } = world()
  server.bends.refuse = 1
  client.connect()
  await settle()
  expect(client.getState().status).toBe('reconnecting')
  await settle(250)
  expect(client.getState().status).toBe('open')
  server.close(4500, 'why')
  await settle()
  expect(client.getState().lastError?.message).toContain('why')
})

it('lets in only those it knows, and says how long their token is good', async () => {
  const { client, server } = world({ token: 'tok-ann' })
  Object.assign(server, { users: { 'tok-ann': { name: 'Ann' } }, tokenSeconds: 60 })
  await client.describe('shop.Product')
  expect(client.getState().user).toEqual({ name: 'Ann' })
  await expect(client.auth('wrong')).rejects.toMatchObject({ code: 'unauthenticated' })
  const stranger = new ChannelsClient({
    url: 'ws://fake/',
    WebSocket: server.WebSocket,
    token: 'wrong',
    tokenIn: 'subprotocol',
  })
  stranger.connect()
  await settle()
  expect(stranger.getState().status).toBe('unauthorized')
  stranger.close()
})

it('answers nothing to those who have not said who they are', async () => {
  const { client, server } = world()
  server.users = {}
  await expect(client.describe('shop.Product')).rejects.toMatchObject({ code: 'unauthenticated' })
})

it('keeps back replies and pushes until they are released, in their order', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.release()
  server.hold()
  server.hold()
  const done: string[] = []
  void client.create('shop.Product', { name: 'Date' }).then(() => done.push('create'))
  void client.delete('shop.Product', 4).then(() => done.push('delete'))
  await settle(100)
  expect(done).toEqual([])
  server.release()
  await settle()
  expect(done).toEqual(['create', 'delete'])
  expect(server.rows('shop.Product')).toHaveLength(3)
})

it('answers a system message that it does not know with an error', async () => {
  const { client } = world()
  await expect(client.call('cb.dance')).rejects.toMatchObject({ code: 'bad_request' })
})

it('saves, submits forms and deletes what it holds', async () => {
  const { client, server } = world({}, { validate: ({ stock }) => (stock === -1 ? WRONG : {}) })
  await expect(client.save('shop.Product', { id: 1, stock: -1 })).rejects.toMatchObject({ code: 'invalid' })
  await expect(client.save('shop.Product', { id: 99 })).rejects.toMatchObject({ code: 'not_found' })
  expect(await client.save('shop.Product', { stock: 1 })).toMatchObject({ success: true, id: 4 })
  expect(await client.form('shop.Product')).toMatchObject({ success: false, object: null })
  expect(await client.submitForm('shop.Product', { stock: 2 }, { id: 4 })).toMatchObject({ success: true })
  expect(await client.delete('shop.Product', 4)).toEqual({ success: true, id: 4 })
  expect(server.rows('shop.Product')).toHaveLength(3)
  expect(() => server.rows('no.Such')).toThrow('No stream no.Such.')
})

it('runs a batch in one go, with references to what came before', async () => {
  const { client, server } = world()
  const ops = [
    { event: 'shop.Product.create', data: { name: 'Date' }, as: 'made' },
    { event: 'shop.Product.update', data: { id: { $ref: 'made.id' }, stock: 4 } },
    { event: 'shop.Product.describe' },
  ]
  expect(await client.batch(ops)).toMatchObject({ success: true, results: [{ data: { id: 4 } }, {}, {}] })
  expect(server.rows('shop.Product').at(-1)).toEqual({ id: 4, name: 'Date', stock: 4 })
})

it('undoes an atomic batch of which one operation fails, and says which; else each stands for itself', async () => {
  const { client, server } = world()
  const ops = [
    { event: 'shop.Product.create', data: { name: 'Date' } },
    { event: 'shop.Product.delete', data: { id: 404 } },
    { event: 'shop.Product.delete', data: { id: 1 } },
  ]
  await expect(client.batch(ops)).rejects.toMatchObject({ code: 'not_found', op: 1 })
  expect(server.rows('shop.Product')).toHaveLength(3)
  const { success, results } = await client.batch(ops, { atomic: false })
  expect([success, results.map(result => 'error' in result)]).toEqual([false, [false, true, false]])
  expect(server.rows('shop.Product').map(row => row.id)).toEqual([2, 3, 4])
})

it('sends any frame and any system message, and counts and finds what goes by', async () => {
  const { client, server } = world()
  const errors: unknown[] = []
  client.onError(error => errors.push(error.code))
  const read = client.live('shop.Product', 'list', {})
  await settle()
  expect([server.liveReads, server.requests('list').length]).toEqual([1, 1])
  server.insert('shop.Product', { name: 'Date' })
  server.raw('{"event":"cb.error","error":{"code":"conflict","message":"?"}}')
  server.system('cb.ping', { n: 1 })
  await settle()
  expect(read.getSnapshot().data).toMatchObject({ count: 4 })
  expect(errors).toEqual(['conflict'])
  expect(server.received).toContainEqual({ event: 'cb.pong', data: { n: 1 } })
  expect(await client.setLocale({ language: 'de' })).toEqual({ language: 'de', timezone: 'UTC' })
  read.unsubscribe()
  await settle(2_000)
  expect(server.liveReads).toBe(0)
})

it('closes who is not known with 4401, and refuses the handshake of who could not read that', async () => {
  const server = new FakeServer()
  server.users = { 'tok-ann': 'ann' }
  const ends: unknown[] = []
  const dial = (protocols: string[]): void => {
    const socket = new server.WebSocket('ws://fake/', protocols)
    socket.addEventListener('close', event => ends.push([event.code, event.reason]))
  }
  dial(['cb.1.json', 'bearer.wrong'])
  await settle()
  server.bends.signedOut = true
  dial(['cb.1.json'])
  dial([])
  await settle()
  expect(ends).toEqual([
    [4401, 'the token is not accepted'],
    [4401, 'nobody is signed in'],
    [1006, ''],
  ])
  expect(server.connections.size).toBe(0)
})
