import { DevtoolsLog, type DevtoolsLog as Log, lineOf, logTo, sizeOf } from '@channels-binding/core/devtools/log'
import { Writes } from '@channels-binding/core/writes'
import { expect, it, vi } from 'vitest'
import { fakeClock, settle, world } from '../helpers.js'

fakeClock()

const events = (log: Log): string[] =>
  log.getState().messages.map(each => `${each.direction} ${each.event} ${each.kind}`)

it('is one log for each client', () => {
  const { client } = world()
  expect(DevtoolsLog.of(client)).toBe(DevtoolsLog.of(client))
  expect(DevtoolsLog.of(client)).not.toBe(DevtoolsLog.of(world().client))
})

it('knows what went by, what it was, and how long replies took', async () => {
  const { server, client } = world({ heartbeat: false })
  const log = DevtoolsLog.of(client)
  server.bends.delayMs = 40
  const lines: string[] = []
  const end = logTo(client, line => lines.push(line))
  void client.search('shop.Product', { limit: 1 })
  void client.retrieve('shop.Product', 99).catch(() => undefined)
  await settle(200)
  expect(events(log)).toEqual([
    'out shop.Product.search call',
    'out shop.Product.retrieve call',
    'in cb.hello push',
    'in shop.Product.search reply',
    'in shop.Product.retrieve error',
  ])
  expect(log.getState()).toMatchObject({ inFlight: 0, tookMs: [40, 40], received: 3, sent: 2, divergences: 0 })
  expect(log.getState().messages[3]).toMatchObject({ tookMs: 40, body: { data: { count: 3 } } })
  expect(lines[3]).toMatch(/^← shop\.Product\.search reply \d+ B 40 ms$/)
  end()
  void client.describe('shop.Product')
  await settle(200)
  expect(lines).toHaveLength(5)
})

it('follows live reads: rows, versions, differences, and their end', async () => {
  const { server, client } = world()
  const log = DevtoolsLog.of(client)
  const list = client.live('shop.Product', 'search', { limit: 2 })
  const row = client.live('shop.Product', 'retrieve', { id: 3 })
  await settle(200)
  expect(log.getState().reads).toMatchObject([
    { event: 'shop.Product.search#h1', params: { limit: 2 }, status: 'live', rows: 2, count: 3, diffs: 0, answers: 1 },
    { event: 'shop.Product.retrieve#h2', status: 'live', rows: 1, count: null },
  ])
  server.insert('shop.Product', { id: 4, name: 'Date', stock: 1 })
  server.remove('shop.Product', 1)
  server.remove('shop.Product', 3)
  await settle(200)
  const [search, retrieve] = log.getState().reads
  expect(search).toMatchObject({ rows: 2, count: 2, v: list.getSnapshot().v })
  expect(search?.diffs).toBeGreaterThan(1)
  expect(retrieve).toMatchObject({ status: 'gone', rows: 0, v: null })
  list.unsubscribe()
  row.unsubscribe()
  await settle(5_000)
  expect(log.getState().reads.map(({ status }) => status)).toEqual(['ended', 'ended'])
  log.clear()
  await settle(200)
  expect(log.getState()).toMatchObject({ reads: [], messages: [] })
})

it('follows them over a reconnect, and says what became of the connection', async () => {
  const { server, client } = world()
  const log = DevtoolsLog.of(client)
  client.live('shop.Product', 'list', {})
  await settle(200)
  server.close(4500, 'restart')
  await settle(5_000)
  expect(log.getState().history.map(({ status, transport }) => `${status} ${transport}`)).toEqual([
    'idle null',
    'connecting null',
    'open ws',
    'reconnecting null',
    'open ws',
  ])
  expect(log.getState().history[3]?.reason).toContain('restart')
  expect(log.getState().reads).toMatchObject([{ status: 'live', rows: 3, answers: 2 }])
})

it('tells of reads that were opened before it began as much as their messages say', async () => {
  const { server, client } = world()
  client.live('shop.Product', 'list', {})
  await settle(200)
  const log = DevtoolsLog.of(client)
  server.remove('shop.Product', 1)
  await settle(200)
  expect(log.getState().reads).toMatchObject([{ params: null, status: 'live', rows: null, count: 2, diffs: 1 }])
  expect(log.explain('shop.Product.list#h1')).toBeTypeOf('function')
  expect(server.requests('list')).toHaveLength(1)
})

it('asks why on demand, by a second read that is not shown as one of the application', async () => {
  const { server, client } = world()
  const log = DevtoolsLog.of(client)
  client.live('shop.Product', 'list', {})
  await settle(200)
  const end = log.explain('shop.Product.list#h1')
  await settle(200)
  expect(server.requests('list').map(({ data }) => data)).toEqual([{}, { why: true }])
  const why = { models: { 'shop.Product': [1] }, group: 'shop.Product.list/3f', readers: 2, took_ms: 1, statements: 1 }
  const [, explaining] = log.getState().reads
  server.raw(JSON.stringify({ event: explaining?.event, type: 'same', v: explaining?.v, why }))
  await settle(200)
  expect(log.getState().reads[0]?.why).toEqual(why)
  end()
  await settle(5_000)
  expect(log.getState().reads.map(({ status }) => status)).toEqual(['live', 'ended'])
})

it('keeps so many messages, none while it is paused, and calls back ten times a second', async () => {
  const { server, client } = world({ heartbeat: false })
  const log = DevtoolsLog.of(client, { messages: 10 })
  const changed = vi.fn()
  log.subscribe(changed)
  client.live('shop.Product', 'list', {})
  for (let stock = 0; stock < 100; stock++) {
    server.update('shop.Product', 1, { stock: 1_000 + stock })
    await settle(10)
  }
  await settle(200)
  expect(changed.mock.calls.length).toBeLessThan(15)
  expect(log.getState().messages).toHaveLength(10)
  log.pause()
  server.update('shop.Product', 1, { stock: 1 })
  await settle(200)
  expect(log.getState()).toMatchObject({ isPaused: true, reads: [{ diffs: 100 }] })
  expect(log.getState().messages.at(-1)?.body).not.toMatchObject({ data: { patch: [[1, { stock: 1 }]] } })
})

it('shows what waits to be written', async () => {
  const { server, client } = world()
  const log = DevtoolsLog.of(client)
  server.bends.refuse = Number.POSITIVE_INFINITY
  client.connect()
  await settle()
  void Writes.of(client).write({ stream: 'shop.Product', action: 'update', id: 1, values: { stock: 3 } })
  await settle(200)
  expect(log.getState().writes).toMatchObject([{ stream: 'shop.Product', id: 1, values: { stock: 3 } }])
})

it('never shows a token', async () => {
  const { server, client } = world({ token: 'canary-token' })
  server.users = { 'canary-token': 'ann' }
  const log = DevtoolsLog.of(client)
  client.connect()
  await settle(200)
  expect(log.getState().connection.status).toBe('open')
  expect(events(log)).toContain('out cb.auth call')
  expect(JSON.stringify(log.getState().messages)).not.toContain('canary-token')
})

it('takes what is no message as it is, and stops when it is told to', async () => {
  const { server, client } = world({ heartbeat: false })
  const log = DevtoolsLog.of(client)
  client.connect()
  await settle(200)
  server.raw('no message')
  await settle(200)
  expect(log.getState().messages.at(-1)).toMatchObject({ event: 'cb.error', body: { data: 'no message' } })
  log.stop()
  server.raw('no message')
  await settle(200)
  expect(log.getState().messages.filter(({ event }) => event === 'cb.error')).toHaveLength(1)
  expect(DevtoolsLog.of(client)).not.toBe(log)
})

it('writes sizes as people read them', () => {
  expect([sizeOf(12), sizeOf(1_234)]).toEqual(['12 B', '1.2 kB'])
  const message = { n: 1, at: 0, id: null, body: {}, size: 10, tookMs: null } as const
  expect(lineOf({ ...message, direction: 'out', event: 'a.b', kind: 'call' })).toBe('→ a.b call 10 B')
})
