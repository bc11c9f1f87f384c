import { expect, it, vi } from 'vitest'
import { fakeClock, settle, type World, world } from '../helpers.js'

fakeClock()

/** A client that may take every way. */
const auto = (options = {}): World => world({ transport: 'auto', ...options })

it('shows rows within two seconds where sockets are refused', async () => {
  const fetch = vi.fn((...asked: Parameters<typeof globalThis.fetch>) => server.fetch(...asked))
  const { client, server } = auto({ fetch })
  server.bends.refuse = Number.POSITIVE_INFINITY
  const read = client.live('shop.Product', 'search', { order: 'name' })
  await settle(2_000)
  expect(fetch.mock.calls.filter(([url]) => String(url).endsWith('hello/'))).toHaveLength(1)
  expect(read.getSnapshot()).toMatchObject({ status: 'success', isLive: true, data: { count: 3 } })
  expect(client.getState()).toMatchObject({ status: 'open', transport: 'http', user: { name: 'Ann' }, lastError: null })
})

it('shows rows within two seconds where sockets hang', async () => {
  const { client } = auto({ WebSocket: HangingSocket })
  const read = client.live('shop.Product', 'search', {})
  await settle(2_000)
  expect(read.getSnapshot().data?.count).toBe(3)
})

/** A socket whose handshake nobody answers. */
class HangingSocket {
  addEventListener(): void {}
  send(): void {}
  close(): void {}
}

it('returns to the socket as soon as that works, and goes on with what it has', async () => {
  const { client, server, arrived } = auto()
  server.bends.refuse = 4
  const states = vi.fn()
  const read = client.live('shop.Product', 'search', {}, states)
  await settle(2_000)
  expect(client.getState().transport).toBe('http')
  states.mockClear()
  await settle(60_000)
  expect(client.getState()).toMatchObject({ status: 'open', transport: 'ws' })
  const answers = arrived.filter(message => message.event.startsWith('shop.Product.search'))
  expect(answers.map(message => message.type)).toEqual(['snapshot', 'same', 'same'])
  expect(states).not.toHaveBeenCalled()
  server.update('shop.Product', 1, { name: 'Pear' })
  await settle()
  expect(read.getSnapshot().data?.rows[0]).toMatchObject({ name: 'Pear' })
  expect({ ...client.stats, live: server.liveReads }).toMatchObject({ divergences: 0, live: 1 })
})

it('tries a socket again at once when the network comes back', async () => {
  const listeners = new Map<string, () => void>()
  vi.stubGlobal('addEventListener', (type: string, listener: () => void) => listeners.set(type, listener))
  vi.stubGlobal('document', undefined)
  const { client, server } = auto()
  server.bends.refuse = 4
  client.connect()
  await settle(1_500)
  expect(client.getState().transport).toBe('http')
  listeners.get('online')?.()
  await settle()
  expect(client.getState().transport).toBe('ws')
  vi.unstubAllGlobals()
})

it('lets a call that is under way end by HTTP while the socket takes over', async () => {
  const { client, server } = auto()
  server.bends.refuse = 3
  client.connect()
  await settle(1_500)
  server.hold()
  const saved = client.save('shop.Product', { id: 1, stock: 5 })
  await settle()
  await settle(4_000)
  expect(client.getState().transport).toBe('ws')
  server.release()
  await settle()
  expect(await saved).toMatchObject({ success: true, id: 1 })
  expect(server.requests('save')).toHaveLength(1)
})

it('says that nobody is signed in, whichever way found out', async () => {
  const { client, server } = auto()
  server.bends.refuse = Number.POSITIVE_INFINITY
  server.bends.signedOut = true
  const read = client.live('shop.Product', 'search', {})
  await settle(1_500)
  expect(client.getState()).toMatchObject({ status: 'unauthorized', transport: null })
  expect(read.getSnapshot().error?.code).toBe('unauthenticated')
  server.bends.signedOut = false
  client.reconnect()
  await settle(1_500)
  expect(read.getSnapshot().status).toBe('success')
})

it('waits and tries both again where neither works', async () => {
  const { client, server } = auto()
  server.bends.refuse = 7
  server.bends.unreachable = Number.POSITIVE_INFINITY
  const read = client.live('shop.Product', 'search', {})
  await settle(1_500)
  expect(client.getState()).toMatchObject({ status: 'reconnecting', transport: null })
  expect(client.getState().lastError).toMatchObject({ code: 'unavailable' })
  await settle(30_000)
  expect(client.getState()).toMatchObject({ status: 'open', transport: 'ws' })
  expect(read.getSnapshot().status).toBe('success')
})

it('asks by HTTP alone if that is wanted', async () => {
  const { client, server } = world({ transport: 'http' })
  const read = client.live('shop.Product', 'retrieve', { id: 2 })
  await settle(100)
  expect(read.getSnapshot().data).toMatchObject({ name: 'Banana' })
  await settle(60_000)
  expect(client.getState().transport).toBe('http')
  server.close(4500)
  await settle(1_000)
  server.update('shop.Product', 2, { name: 'Fig' })
  await settle(100)
  expect(read.getSnapshot().data).toMatchObject({ name: 'Fig' })
  client.close()
  await settle()
  expect(server.connections.size).toBe(0)
})

it('never takes HTTP if sockets alone are wanted', async () => {
  const fetch = vi.fn()
  const { client, server } = world({ fetch })
  server.bends.refuse = 5
  client.connect()
  await settle(20_000)
  expect(client.getState().transport).toBe('ws')
  expect(fetch).not.toHaveBeenCalled()
})
