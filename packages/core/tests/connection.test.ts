import { afterEach, expect, it, vi } from 'vitest'
import { fakeClock, settle, world } from './helpers.js'

fakeClock()

const stopFakingGlobals = (): void => {
  vi.unstubAllGlobals()
}
afterEach(stopFakingGlobals)

it('opens nothing until it is used', async () => {
  const { client, server } = world()
  await settle(60_000)
  expect(client.getState().status).toBe('idle')
  expect(server.connections.size).toBe(0)
  void client.describe('shop.Product')
  expect(client.getState().status).toBe('connecting')
  await settle()
  expect(client.getState()).toMatchObject({ status: 'open', hasEverConnected: true, user: { name: 'Ann' } })
})

it('resolves its address each time it connects', async () => {
  const url = vi.fn(async () => 'ws://fake/')
  const { client, server } = world({ url })
  client.connect()
  await settle()
  server.close(4500)
  await settle(250)
  expect(client.getState().status).toBe('open')
  expect(url).toHaveBeenCalledTimes(2)
})

it('comes back with waits that grow when it is refused, and says so', async () => {
  const { client, server } = world()
  server.bends.refuse = 3
  client.connect()
  await settle()
  expect(client.getState()).toMatchObject({ status: 'reconnecting', attempts: 1, hasEverConnected: false })
  expect(client.getState().lastError).toMatchObject({ code: 'unavailable', message: /could not be opened/ })
  expect(client.getState().nextRetryAt).toBe(Date.now() + 250)
  await settle(250)
  expect(client.getState()).toMatchObject({ attempts: 2, nextRetryAt: Date.now() + 500 })
  await settle(500 + 1000)
  expect(client.getState()).toMatchObject({ status: 'open', attempts: 0, lastError: null, nextRetryAt: null })
})

it('does not come back faster because the server accepts and then closes', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  const waits: number[] = []
  for (let time = 0; time < 4; time++) {
    server.close(4500)
    await settle()
    waits.push((client.getState().nextRetryAt ?? 0) - Date.now())
    await settle(waits.at(-1))
    await settle(1_000)
  }
  expect(waits).toEqual([250, 500, 1000, 2000])
  await settle(5_000)
  server.close(4500)
  await settle()
  expect(client.getState().nextRetryAt).toBe(Date.now() + 250)
})

it.each([4401, 4403] as const)('stays away after %i, tells the application, and comes back when asked', async code => {
  const onUnauthorized = vi.fn()
  const { client, server } = world({ onUnauthorized })
  client.connect()
  await settle()
  server.close(code)
  await settle(120_000)
  expect(client.getState()).toMatchObject({ status: 'unauthorized', nextRetryAt: null })
  expect(onUnauthorized).toHaveBeenCalledExactlyOnceWith(code)
  await expect(client.describe('shop.Product')).rejects.toMatchObject({ status: code === 4401 ? 401 : 403 })
  client.reconnect()
  await settle()
  expect(client.getState().status).toBe('open')
})

it.each([4400, 4413, 4429])('stays away after %i', async code => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.close(code, 'why')
  await settle(120_000)
  expect(client.getState()).toMatchObject({ status: 'closed', lastError: { message: /why/ } })
})

it.each([1000, 1006, 1012, 4500, 4503, 4508])('comes back after %i', async code => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.close(code)
  await settle(250)
  expect(client.getState().status).toBe('open')
})

it('answers the pings of the server', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.system('cb.ping', { n: 5 })
  await settle()
  expect(server.received).toContainEqual({ event: 'cb.pong', data: { n: 5 } })
})

it('measures its latency', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.bends.delayMs = 30
  await settle(10_000)
  await settle(30)
  expect(client.getState().latencyMs).toBe(30)
})

it('drops a half-open link and comes back', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.bends.silent = true
  await settle(10_000 + 8_000)
  expect(client.getState()).toMatchObject({ status: 'reconnecting', lastError: { message: /no sign of life/ } })
  server.bends.silent = false
  await settle(250)
  expect(client.getState().status).toBe('open')
})

it('gives up a handshake that takes too long', async () => {
  class Mute {
    addEventListener(): void {}
    send(): void {}
    close(): void {}
  }
  const { client } = world({ WebSocket: Mute })
  client.connect()
  await settle(10_000)
  expect(client.getState()).toMatchObject({ status: 'reconnecting', lastError: { message: /handshake/ } })
})

it('goes away when the server asks, and comes back after the wait it asked for', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.system('cb.goaway', { reason: 'deploy', reconnect: true, after_ms: 3_000 })
  server.close(4503)
  await settle(2_999)
  expect(client.getState().status).toBe('reconnecting')
  await settle(1)
  expect(client.getState().status).toBe('open')
})

it('leaves a server that announced its end, even if it does not close', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  const [first] = server.connections
  server.system('cb.goaway', { reason: 'deploy', reconnect: true, after_ms: 3_000 })
  await settle(3_000 + 250)
  expect(client.getState().status).toBe('open')
  expect(server.connections.has(first as never)).toBe(false)
})

it('moves on only once its calls are answered, and what is called meanwhile goes to the next server', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  const [first] = server.connections
  server.hold()
  const begun = client.update('shop.Product', 1, { stock: 11 })
  await settle()
  server.system('cb.goaway', { reason: 'deploy', reconnect: true, after_ms: 1_000 })
  await settle(2_000)
  expect(server.connections.has(first as never)).toBe(true)
  const later = client.update('shop.Product', 2, { stock: 21 })
  await settle()
  expect(server.requests('update')).toHaveLength(1)
  server.release()
  await settle(100)
  expect(await begun).toMatchObject({ success: true })
  expect(await later).toMatchObject({ success: true })
  expect(server.connections.has(first as never)).toBe(false)
  expect(server.requests('update')).toHaveLength(2)
})

it('keeps its live reads over the move, and asks with what it has', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'search', { order: 'id' })
  await settle()
  server.system('cb.goaway', { reason: 'deploy', reconnect: true, after_ms: 10 })
  await settle(200)
  expect(client.getState().status).toBe('open')
  expect(server.requests('search').at(-1)).toHaveProperty('have')
  server.update('shop.Product', 1, { name: 'Apricot' })
  await settle()
  expect(read.getSnapshot().data).toMatchObject({ rows: [{ name: 'Apricot' }, { name: 'Banana' }, { name: 'Cherry' }] })
})

it('stays away from a server that says so', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.system('cb.goaway', { reason: 'over', reconnect: false, after_ms: 0 })
  await settle(60_000)
  expect(client.getState().status).toBe('closed')
})

it('tries at once when the network is back, and asks for a sign of life when the page is', async () => {
  const page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  vi.stubGlobal('document', { hidden: false })
  const { client, server } = world({ backoff: { minMs: 10_000, random: () => 1 } })
  client.connect()
  await settle()
  server.close(4500)
  await settle(1_000)
  expect(client.getState().status).toBe('reconnecting')
  page.dispatchEvent(new Event('online'))
  await settle()
  expect(client.getState().status).toBe('open')
  const pings = server.requests('ping').length
  page.dispatchEvent(new Event('visibilitychange'))
  await settle()
  expect(server.requests('ping')).toHaveLength(pings + 1)
  client.close()
  page.dispatchEvent(new Event('online'))
  await settle(60_000)
  expect(client.getState().status).toBe('closed')
})

it('stays closed after close(), until connect()', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  client.close()
  await settle(60_000)
  expect(client.getState().status).toBe('closed')
  expect(server.connections.size).toBe(0)
  await expect(client.describe('shop.Product')).rejects.toMatchObject({ code: 'unavailable' })
  client.connect()
  await settle()
  expect(client.getState().status).toBe('open')
})

it('gives the same state object until it changes', async () => {
  const { client } = world()
  const seen = vi.fn()
  const stop = client.onState(seen)
  expect(client.getState()).toBe(client.getState())
  client.connect()
  await settle()
  const calls = seen.mock.calls.length
  expect(calls).toBeGreaterThan(0)
  stop()
  client.close()
  expect(seen).toHaveBeenCalledTimes(calls)
})

it('says so where there is no WebSocket', async () => {
  vi.stubGlobal('WebSocket', undefined)
  const { client } = world({ WebSocket: undefined as never })
  client.connect()
  await settle()
  expect(client.getState().lastError?.message).toMatch(/no WebSocket/)
})
