import type { AddressInfo } from 'node:net'
import { ChannelsClient } from '@channels-binding/core'
import { FakeServer } from '@channels-binding/core/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

let server: FakeServer
let sockets: WebSocketServer
let client: ChannelsClient

beforeEach(async () => {
  server = new FakeServer()
  server.bind('shop.Product', { rows: [{ id: 1, name: 'Apple' }] })
  sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: ([first]) => first ?? false })
  sockets.on('connection', socket => {
    const peer = { send: (text: string) => socket.send(text), close: (code: number) => socket.close(code) }
    const conversation = server.accept(peer, [socket.protocol])
    socket.on('message', data => conversation?.receive(data.toString()))
    socket.on('close', () => conversation?.closed())
  })
  await new Promise(resolve => sockets.once('listening', resolve))
  const { port } = sockets.address() as AddressInfo
  client = new ChannelsClient({ url: `ws://127.0.0.1:${port}/`, WebSocket, backoff: { minMs: 5, maxMs: 20 } })
})

afterEach(async () => {
  client.close()
  for (const socket of sockets.clients) socket.terminate()
  await new Promise(resolve => sockets.close(resolve))
})

it('speaks cb.1 over a real socket, through a lost connection', async () => {
  const read = client.live('shop.Product', 'search', {})
  await vi.waitFor(() => expect(read.getSnapshot().status).toBe('success'))
  server.update('shop.Product', 1, { name: 'Pear' })
  await vi.waitFor(() => expect(read.getSnapshot().data?.rows[0]).toMatchObject({ name: 'Pear' }))
  for (const socket of sockets.clients) socket.terminate()
  server.update('shop.Product', 1, { name: 'Plum' })
  await vi.waitFor(() => expect(read.getSnapshot().data?.rows[0]).toMatchObject({ name: 'Plum' }))
  expect(client.stats.divergences).toBe(0)
})

it('sees the close codes of a real socket', async () => {
  client.connect()
  await vi.waitFor(() => expect(client.getState().status).toBe('open'))
  server.close(4401)
  await vi.waitFor(() => expect(client.getState().status).toBe('unauthorized'))
})

it('retries a handshake that a real server refuses', async () => {
  sockets.options.verifyClient = () => false
  client.connect()
  await vi.waitFor(() => expect(client.getState().attempts).toBeGreaterThan(1))
  expect(client.getState().lastError).toMatchObject({ code: 'unavailable' })
  sockets.options.verifyClient = () => true
  await vi.waitFor(() => expect(client.getState().status).toBe('open'))
})
