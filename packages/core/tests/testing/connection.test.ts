import { BindingError } from '@channels-binding/core'
import { expect, it } from 'vitest'
import { straight } from '../../src/testing/bends.js'
import { type ConnectionHost, FakeConnection } from '../../src/testing/connection.js'
import { fakeClock, settle, world } from '../helpers.js'

fakeClock()

interface Setup {
  readonly host: ConnectionHost
  readonly connection: FakeConnection
  /** What reached the client. */
  readonly arrived: unknown[]
}

function setup(hasProtocol = true): Setup {
  const arrived: unknown[] = []
  const connections = new Set<FakeConnection>()
  const left = (gone: FakeConnection): void => void connections.delete(gone)
  const host: ConnectionHost = { bends: straight(), sent: [], connections, receive: () => undefined, left }
  const peer = { send: (text: string) => arrived.push(JSON.parse(text)), close: (code: number) => arrived.push(code) }
  const connection = new FakeConnection(host, peer, hasProtocol)
  host.connections.add(connection)
  return { host, connection, arrived }
}

it('sends what was pushed together in one frame, once', () => {
  const { connection, arrived, host } = setup()
  connection.flush()
  connection.push({ event: 'a.b' })
  connection.push({ event: 'c.d' })
  connection.flush()
  connection.flush()
  connection.push({ event: 'e.f' })
  connection.flush()
  expect(arrived).toEqual([[{ event: 'a.b' }, { event: 'c.d' }], { event: 'e.f' }])
  expect(host.sent).toHaveLength(2)
})

it('sends each push in a frame of its own to a client without the protocol', () => {
  const { connection, arrived } = setup(false)
  connection.push({ event: 'a.b' })
  connection.push({ event: 'c.d' })
  connection.flush()
  expect(arrived).toEqual([{ event: 'a.b' }, { event: 'c.d' }])
})

it('says with an error what the server knows of it', () => {
  const { connection, arrived } = setup()
  connection.sendError({ event: 'a.b' }, new BindingError('forbidden', 'No.'))
  const details = { fields: { n: [{ code: 'x', message: 'y' }] }, ref: 'r1', retry_after: 3 }
  connection.sendError({ event: 'a.b', id: 5 }, new BindingError('throttled', 'Slowly.', details))
  expect(arrived).toEqual([
    { event: 'a.b', error: { code: 'forbidden', status: 403, message: 'No.', retry: false } },
    { event: 'a.b', id: 5, error: { code: 'throttled', status: 429, message: 'Slowly.', retry: true, ...details } },
  ])
})

it('loses, repeats, delays or keeps back its frames as it is bent', async () => {
  const { host, connection, arrived } = setup()
  host.bends.drop = 1
  connection.sendText('1')
  host.bends.duplicate = true
  connection.sendText('2')
  host.bends.duplicate = false
  host.bends.silent = true
  connection.sendText('3')
  host.bends.silent = false
  host.bends.delayMs = 30
  connection.sendText('4')
  await settle(29)
  expect(arrived).toEqual([2, 2])
  await settle(1)
  expect(arrived).toEqual([2, 2, 4])
})

it('is no longer one of the server when it is closed, from whichever end', () => {
  const { host, connection, arrived } = setup()
  connection.close(4500)
  expect(host.connections.size).toBe(0)
  expect(arrived).toEqual([4500])
  host.connections.add(connection)
  connection.closed()
  expect(host.connections.size).toBe(0)
})

it('hands what arrives to the server', () => {
  const received: string[] = []
  const { host } = setup()
  const peer = { send: () => undefined, close: () => undefined }
  new FakeConnection({ ...host, receive: (_from, text) => received.push(text) }, peer, true).receive('text')
  expect(received).toEqual(['text'])
})

it('lets frames overtake each other if that is wanted, which the client notices', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'search', {})
  await settle()
  server.bends.reorder = true
  server.update('shop.Product', 1, { stock: 1 })
  server.update('shop.Product', 1, { stock: 2 })
  server.bends.reorder = false
  await settle()
  expect(read.getSnapshot().data?.rows[0]).toMatchObject({ stock: 2 })
  expect(client.stats.divergences).toBeGreaterThan(0)
})
