import { afterEach, expect, it, vi } from 'vitest'
import { type SocketConstructor, type SocketOptions, SocketTransport } from '../src/socket.js'
import type { Message } from '../src/types.js'
import { fakeClock, settle, world } from './helpers.js'

fakeClock()

afterEach(() => {
  vi.unstubAllGlobals()
})

interface Setup {
  readonly transport: SocketTransport
  readonly seen: { opened: number; closed: unknown[]; received: Message[]; frames: string[] }
}

/** A transport without a client around it. */
function setup(options: Partial<SocketOptions> & Pick<SocketOptions, 'WebSocket'>): Setup {
  const seen: Setup['seen'] = { opened: 0, closed: [], received: [], frames: [] }
  const transport = new SocketTransport({
    url: async () => 'ws://fake/',
    protocols: () => ['cb.1.json'],
    batches: true,
    maxFrameBytes: () => 4_096,
    handlers: {
      opened: () => seen.opened++,
      moved: () => undefined,
      closed: (...args) => seen.closed.push(args),
      received: messages => seen.received.push(...messages),
      frame: ({ direction, text }) => seen.frames.push(`${direction} ${text}`),
    },
    ...options,
  })
  return { transport, seen }
}

/** A WebSocket class whose only socket is played by the test. */
function played(): { Socket: SocketConstructor; emit: (type: string, event?: object) => void; sent: string[] } {
  const listeners = new Map<string, (event: object) => void>()
  const sent: string[] = []
  class Socket {
    addEventListener(type: string, listener: (event: never) => void): void {
      listeners.set(type, listener as (event: object) => void)
    }
    send(text: string): void {
      sent.push(text)
    }
    close(): void {}
  }
  return { Socket, sent, emit: (type, event = {}) => listeners.get(type)?.({ type, ...event }) }
}

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

it('sends each message in a frame of its own to a server without the protocol', async () => {
  const { Socket, emit, sent } = played()
  const { transport } = setup({ WebSocket: Socket, batches: false, protocols: () => [] })
  transport.open()
  await settle()
  emit('open')
  transport.send({ event: 'a.b', data: 1 })
  transport.send({ event: 'a.b', data: 2 })
  await settle()
  expect(sent).toEqual(['{"event":"a.b","data":1}', '{"event":"a.b","data":2}'])
})

it('drops what is sent while it is not open', async () => {
  const { Socket, emit, sent } = played()
  const { transport, seen } = setup({ WebSocket: Socket })
  transport.send({ event: 'a.b' })
  transport.open()
  await settle()
  transport.send({ event: 'a.b' })
  emit('open')
  await settle()
  expect({ sent, opened: seen.opened, isOpen: transport.isOpen }).toEqual({ sent: [], opened: 1, isOpen: true })
})

it('is not open while the socket closes, so that nothing is said into it', async () => {
  const { Socket, emit, sent } = played()
  const closing = { readyState: 1 }
  class Closing extends Socket {
    override get readyState(): number {
      return closing.readyState
    }
  }
  const { transport } = setup({ WebSocket: Closing })
  transport.open()
  await settle()
  emit('open')
  expect(transport.isOpen).toBe(true)
  closing.readyState = 2
  expect(transport.isOpen).toBe(false)
  transport.send({ event: 'a.b' })
  await settle()
  expect(sent).toEqual([])
})

it('says why it could not open a socket', async () => {
  const none = setup({ WebSocket: undefined })
  vi.stubGlobal('WebSocket', undefined)
  none.transport.open()
  const nowhere = setup({ WebSocket: played().Socket, url: () => Promise.reject(new Error('no address')) })
  nowhere.transport.open()
  class Refusing {
    constructor() {
      throw new SyntaxError('not an address')
    }
  }
  const refused = setup({ WebSocket: Refusing as never })
  refused.transport.open()
  await settle()
  expect(none.seen.closed).toEqual([[1006, expect.stringContaining('no WebSocket'), false]])
  expect(nowhere.seen.closed).toEqual([[1006, 'Error: no address', false]])
  expect(refused.seen.closed).toEqual([[1006, 'SyntaxError: not an address', false]])
})

it('says where no socket could be opened, without what may be a token', async () => {
  const { Socket, emit } = played()
  const { transport, seen } = setup({ WebSocket: Socket, url: async () => 'ws://here/wss/?token=secret' })
  transport.open()
  await settle()
  emit('close', { code: 1006, reason: '' })
  expect(seen.closed).toEqual([[1006, 'ws://here/wss/', false]])
})

it('hears nothing more of a socket that it has let go', async () => {
  const { Socket, emit } = played()
  const { transport, seen } = setup({ WebSocket: Socket })
  transport.open()
  await settle()
  emit('open')
  transport.close()
  emit('message', { data: '{"event":"a.b"}' })
  emit('close', { code: 4500, reason: 'late' })
  emit('open')
  expect(seen).toMatchObject({ opened: 1, received: [], closed: [] })
})

it('opens no socket once it was closed while the address was looked up', async () => {
  const Socket = vi.fn()
  const { transport, seen } = setup({ WebSocket: Socket as never, url: async () => 'ws://fake/' })
  transport.open()
  transport.close()
  await settle()
  expect(Socket).not.toHaveBeenCalled()
  expect(seen.closed).toEqual([])
})

it('takes a close without code or reason, ignores an error before it, and binary frames', async () => {
  const { Socket, emit } = played()
  const { transport, seen } = setup({ WebSocket: Socket })
  transport.open()
  await settle()
  emit('open')
  emit('message', { data: new ArrayBuffer(1) })
  emit('error')
  emit('close')
  expect(seen).toMatchObject({ received: [], closed: [[1006, '', true]] })
})
