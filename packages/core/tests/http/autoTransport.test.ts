import { expect, it, vi } from 'vitest'
import { Backoff } from '../../src/backoff.js'
import { AutoTransport, type Fallback } from '../../src/http/auto.js'
import type { Transport, TransportHandlers } from '../../src/transport.js'
import { fakeClock, settle } from '../helpers.js'

fakeClock()

/** A way that opens, closes and fails as a test says. */
class Way implements Fallback {
  readonly carrier: 'ws' | 'http'
  readonly handlers: TransportHandlers
  isOpen = false
  opened = 0
  readonly dropped: string[] = []
  readonly sent: unknown[] = []
  readonly retire = vi.fn()

  constructor(carrier: 'ws' | 'http', handlers: TransportHandlers) {
    this.carrier = carrier
    this.handlers = handlers
  }

  open(): void {
    this.opened++
  }

  succeed(): void {
    this.isOpen = true
    this.handlers.opened()
  }

  fail(code = 1006, reason = 'no'): void {
    const wasOpen = this.isOpen
    this.isOpen = false
    this.handlers.closed(code, reason, wasOpen)
  }

  send(message: unknown): void {
    this.sent.push(message)
  }

  drop(reason: string): void {
    this.dropped.push(reason)
    this.fail(1006, reason)
  }

  close(): void {
    this.isOpen = false
  }
}

function ways(part: { withoutSocket?: boolean; load?: () => Promise<never>; failures?: number } = {}) {
  const handlers = { opened: vi.fn(), received: vi.fn(), closed: vi.fn(), frame: vi.fn(), moved: vi.fn() }
  const made: { socket?: Way; http?: Way } = {}
  const auto = new AutoTransport({
    socket: part.withoutSocket ? null : (given): Transport => (made.socket = new Way('ws', given)),
    http: part.load ?? (async given => (made.http = new Way('http', given))),
    handlers,
    backoff: new Backoff({ minMs: 500, maxMs: 500, random: () => 1 }),
    failures: part.failures ?? 0,
  })
  const http = (): Way => made.http as Way
  return { auto, handlers, socket: made.socket as Way, http }
}

it('carries by nothing before one of them is open', () => {
  const { auto } = ways()
  expect(auto).toMatchObject({ carrier: null, isOpen: false })
  auto.send({ event: 'a' } as never)
  auto.awake()
})

it('sends by the socket while that is open', () => {
  const { auto, socket, handlers } = ways()
  auto.open()
  socket.succeed()
  auto.send({ event: 'a' } as never)
  expect(auto).toMatchObject({ carrier: 'ws', isOpen: true })
  expect(socket.sent).toEqual([{ event: 'a' }])
  expect(handlers.opened).toHaveBeenCalledOnce()
  socket.fail(4500, 'restart')
  expect(handlers.closed).toHaveBeenCalledExactlyOnceWith(4500, 'restart', true)
})

it('takes HTTP at once after three sockets in a row that did not open, dropped ones counted', async () => {
  const { auto, socket, http, handlers } = ways()
  auto.open()
  auto.drop('no answer')
  expect(handlers.closed).toHaveBeenLastCalledWith(1006, 'no answer', false)
  auto.open()
  socket.fail()
  auto.open()
  expect(http()).toBeUndefined()
  socket.fail()
  await settle()
  expect(http().opened).toBe(1)
  expect(handlers.closed).toHaveBeenCalledTimes(2)
  http().succeed()
  expect(auto.carrier).toBe('http')
  auto.close()
  auto.open()
  await settle()
  expect(http().opened).toBe(2)
})

it('does not count a connection that was open and is dropped', async () => {
  const { auto, socket, http } = ways()
  auto.open()
  socket.succeed()
  auto.drop('no pong')
  for (let time = 0; time < 2; time++) {
    auto.open()
    socket.fail()
  }
  await settle()
  expect(http()).toBeUndefined()
})

it('waits for HTTP, which is tried beside, when the socket fails meanwhile, and for the socket when HTTP fails', async () => {
  const { auto, socket, http, handlers } = ways()
  auto.open()
  await settle(1_000)
  expect(http().opened).toBe(1)
  socket.fail()
  expect(handlers.closed).not.toHaveBeenCalled()
  http().fail()
  expect(handlers.closed).toHaveBeenCalledExactlyOnceWith(1006, 'no', false)
  auto.open()
  await settle(1_000)
  http().fail()
  expect(handlers.closed).toHaveBeenCalledOnce()
  socket.succeed()
  expect(auto.carrier).toBe('ws')
})

it('says at once that a user is not wanted, whichever way says so', async () => {
  const { auto, socket, http, handlers } = ways()
  auto.open()
  await settle(1_000)
  http().fail(4401, 'who?')
  expect(handlers.closed).toHaveBeenCalledExactlyOnceWith(4401, 'who?', false)
  auto.open()
  await settle(1_000)
  http().succeed()
  socket.fail(4403, 'not you')
  expect(handlers.closed).toHaveBeenLastCalledWith(4403, 'not you', true)
  expect(auto.isOpen).toBe(false)
})

it('tries the socket again and again while HTTP carries, and moves when it opens', async () => {
  const { auto, socket, http, handlers } = ways()
  auto.open()
  await settle(1_000)
  http().succeed()
  socket.fail()
  await settle(500)
  expect(socket.opened).toBe(2)
  socket.fail(4429, 'too many')
  expect(auto.carrier).toBe('http')
  await settle(500)
  expect(socket.opened).toBe(3)
  await settle(10_000)
  expect(socket.dropped).toEqual(['no answer to the handshake'])
  await settle(500)
  socket.succeed()
  expect(http().retire).toHaveBeenCalledOnce()
  expect(handlers.opened).toHaveBeenCalledOnce()
  expect(handlers.moved).toHaveBeenCalledOnce()
  http().handlers.closed(1006, 'late', true)
  expect(handlers.closed).not.toHaveBeenCalled()
  expect(auto.carrier).toBe('ws')
})

it('tries the socket at once when the page is awake again, unless that is under way', async () => {
  const { auto, socket, http } = ways()
  auto.open()
  await settle(1_000)
  http().succeed()
  auto.awake()
  expect(socket.opened).toBe(1)
  socket.fail()
  auto.awake()
  auto.awake()
  expect(socket.opened).toBe(2)
  socket.succeed()
  auto.awake()
  expect(socket.opened).toBe(2)
})

it('has nothing to go back to where HTTP alone is wanted', async () => {
  const { auto, http, handlers } = ways({ withoutSocket: true })
  auto.open()
  await settle()
  http().succeed()
  auto.awake()
  await settle(60_000)
  expect(auto.carrier).toBe('http')
  http().fail(1006, 'gone')
  expect(handlers.closed).toHaveBeenCalledExactlyOnceWith(1006, 'gone', true)
})

it('says that it is closed where HTTP cannot even be loaded, unless the socket may open or nobody waits any more', async () => {
  const load = (): Promise<never> => Promise.reject(new TypeError('no such chunk'))
  const { auto, socket, handlers } = ways({ load })
  auto.open()
  await settle(1_000)
  expect(handlers.closed).not.toHaveBeenCalled()
  auto.close()
  for (let time = 0; time < 3; time++) {
    auto.open()
    socket.fail()
  }
  await settle()
  expect(handlers.closed).toHaveBeenLastCalledWith(1006, 'TypeError: no such chunk', false)
  const called = handlers.closed.mock.calls.length
  auto.open()
  auto.close()
  await settle()
  expect(handlers.closed).toHaveBeenCalledTimes(called)
})

it('takes over from a socket that is still opening, or that could not be opened so often', async () => {
  const { auto, http, handlers } = ways()
  auto.start(true)
  await settle()
  http().fail()
  expect(handlers.closed).not.toHaveBeenCalled()
  const other = ways({ failures: 3 })
  other.auto.open()
  await settle()
  expect(other.http().opened).toBe(1)
  const without = ways({ withoutSocket: true })
  without.auto.start(false)
  await settle()
  without.http().fail()
  expect(without.handlers.closed).toHaveBeenCalledExactlyOnceWith(1006, 'no', false)
})
