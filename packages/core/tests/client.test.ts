import { BindingError, ChannelsClient } from '@channels-binding/core'
import { afterEach, expect, it, vi } from 'vitest'
import { fakeClock, settle, world } from './helpers.js'

fakeClock()
afterEach(() => {
  vi.restoreAllMocks()
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

const spoken = (server: ReturnType<typeof world>['server']): unknown[] =>
  server.received.filter(each => each.event === 'cb.locale').map(each => each.data)

it('asks for a language and a time zone, and learns what holds now', async () => {
  const { client, server } = world()
  const asked = client.setLocale({ language: 'de' })
  await settle()
  expect(await asked).toEqual({ language: 'de', timezone: 'UTC' })
  expect(spoken(server)).toEqual([{ language: 'de' }])
})

it('says them again before anything else on each new connection', async () => {
  const { client, server } = world()
  void client.setLocale({ language: 'de' })
  await settle()
  void client.setLocale({ timezone: 'Asia/Tokyo' })
  const live = client.live('shop.Product', 'search', {})
  await settle()
  const before = server.received.length
  server.close(4500)
  await settle(250)
  const [first] = server.received.slice(before)
  expect(first).toMatchObject({ event: 'cb.locale', data: { language: 'de', timezone: 'Asia/Tokyo' } })
  live.unsubscribe()
})

it('forgets what the server does not know', async () => {
  const { client, server } = world()
  server.bends.fail = request =>
    request.event === 'cb.locale' ? new BindingError('invalid', 'No such language.') : null
  const asked = client.setLocale({ language: 'xx' }).catch((error: unknown) => error)
  await settle()
  expect(await asked).toMatchObject({ code: 'invalid' })
  server.close(4500)
  await settle(250)
  expect(spoken(server)).toEqual([{ language: 'xx' }])
})

it('connects to the host of the page where no address is given', async () => {
  const opened: string[] = []
  const { server } = world()
  class Noting extends server.WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols)
      opened.push(url)
    }
  }
  for (const protocol of ['https:', 'http:']) {
    vi.stubGlobal('location', { protocol, host: 'shop.example' })
    new ChannelsClient({ WebSocket: Noting }).connect()
    await settle()
  }
  vi.unstubAllGlobals()
  expect(opened).toEqual(['wss://shop.example/ws/', 'ws://shop.example/ws/'])
})

it.each([undefined, { protocol: 'file:', host: '' }])('says that it needs an address where it is at %j', async page => {
  vi.stubGlobal('location', page)
  const client = new ChannelsClient()
  client.connect()
  await settle()
  vi.unstubAllGlobals()
  expect(client.getState().lastError?.message).toContain('give the option `url`')
  client.close()
})

it('connects anew when asked, and asks again for what it shows', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'retrieve', { id: 1 })
  await settle()
  expect(client.liveReads).toBe(1)
  client.reconnect()
  await settle()
  expect(server.requests('retrieve')).toHaveLength(2)
  expect(read.getSnapshot()).toMatchObject({ status: 'success', isLive: true })
})

it('refuses calls and reads once it is closed, until it connects again', async () => {
  const { client } = world()
  const seen = vi.fn()
  const stop = client.onState(seen)
  const read = client.live('shop.Product', 'list', {})
  await settle()
  const waiting = expect(client.describe('shop.Product')).rejects.toMatchObject({ code: 'unavailable' })
  client.close()
  await waiting
  expect(read.getSnapshot()).toMatchObject({ isLive: false })
  await expect(client.describe('shop.Product')).rejects.toMatchObject({ message: 'The client is closed.' })
  stop()
  const calls = seen.mock.calls.length
  client.connect()
  expect(seen).toHaveBeenCalledTimes(calls)
  expect(await client.describe('shop.Product')).toMatchObject({ pk: 'id' })
})

it('calls the application when the server refuses the user, and nobody when it ends for another reason', async () => {
  const onUnauthorized = vi.fn()
  const { client, server } = world({ onUnauthorized })
  client.connect()
  await settle()
  server.close(4400)
  await settle()
  expect(client.getState().status).toBe('closed')
  expect(onUnauthorized).not.toHaveBeenCalled()
  client.connect()
  await settle()
  server.close(4403)
  await settle()
  expect(onUnauthorized).toHaveBeenCalledExactlyOnceWith(4403)
  await expect(client.describe('shop.Product')).rejects.toMatchObject({ code: 'forbidden' })
})

it('says who it is in the first message or in the handshake, and shows it to nobody', async () => {
  for (const tokenIn of ['message', 'subprotocol'] as const) {
    const { client, server } = world({ token: 'tok-ann', tokenIn })
    server.users = { 'tok-ann': 'Ann', 'tok-bob': 'Bob' }
    const frames: string[] = []
    client.onFrame(({ text }) => frames.push(text))
    await client.describe('shop.Product')
    expect(client.getState().user).toBe('Ann')
    await client.auth('tok-bob')
    expect(client.getState().user).toBe('Bob')
    expect(frames.join()).not.toMatch(/tok-/)
  }
})

it('is unauthorized where the server does not take its token', async () => {
  const { client, server } = world({ token: 'wrong' })
  server.users = {}
  const refused = expect(client.describe('shop.Product')).rejects.toMatchObject({ code: 'unauthenticated' })
  await settle(250)
  await refused
  expect(client.getState().status).toBe('unauthorized')
})

it('sends files by HTTP', async () => {
  const fetch = vi.fn(async (_url: unknown) => new Response(JSON.stringify({ success: true, token: 't1' })))
  const { client } = world({ fetch: fetch as typeof globalThis.fetch })
  const file = new File(['x'], 'x.txt')
  expect(await client.upload(file)).toEqual({ $file: 't1' })
  await client.submitForm(
    'shop.Product',
    { doc: file, lines: [{ text: 'a' }] },
    { files: ['doc'], formsets: ['lines'] },
  )
  expect(fetch.mock.calls.map(([url]) => url)).toEqual([
    'http://fake/api/hello/',
    'http://fake/api/upload/',
    'http://fake/api/hello/',
    'http://fake/api/shop.Product/form/',
  ])
})

it('answers pings, takes what the server grants, and moves on when it goes away', async () => {
  const { client, server } = world()
  expect(client.limits).toEqual({})
  server.hello = { ...server.hello, limits: { frame_bytes: 9_000 } }
  client.connect()
  await settle()
  expect(client.limits).toEqual({ frame_bytes: 9_000 })
  server.system('cb.ping', { n: 5 })
  await settle()
  expect(server.received).toContainEqual({ event: 'cb.pong', data: { n: 5 } })
  const [first] = server.connections
  server.system('cb.goaway', {})
  await settle(10)
  expect(server.connections.has(first as never)).toBe(false)
  expect(client.getState().status).toBe('open')
  server.system('cb.goaway', { reconnect: false })
  await settle()
  expect(client.getState().status).toBe('closed')
})

it('ends a row that was deleted with a server that only knows {event, data}, and sends it no pings', async () => {
  const { client, server } = world({ subprotocol: null, token: 'tok' })
  const read = client.live('shop.Product', 'retrieve', { id: 1 })
  const heard = vi.fn()
  client.on('shop.Product.delete', heard)
  client.subscribeStream('shop.Product')
  await settle(60_000)
  server.remove('shop.Product', 1)
  await settle()
  expect(read.getSnapshot().status).toBe('gone')
  expect(heard).toHaveBeenCalledExactlyOnceWith({ id: 1 })
  expect(server.received.filter(({ event }) => event.startsWith('cb.'))).toEqual([])
})
