import { ChannelsClient, type ClientOptions, type Message } from '@channels-binding/core'
import { FakeServer, type FakeTableOptions } from '@channels-binding/core/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, vi } from 'vitest'
// loaded when they are needed, which no clock of a test knows of
import '../src/http/ways.js'
import '../src/upload.js'
import { messagesOf } from '../src/transport.js'

/** Lets everything happen that is due now: microtasks and timers of 0 ms. */
export const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

/** Replaces the clock for every test of the file. */
export function fakeClock(): void {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
}

export const PRODUCTS = [
  { id: 1, name: 'Apple', stock: 10 },
  { id: 2, name: 'Banana', stock: 20 },
  { id: 3, name: 'Cherry', stock: 30 },
]

export interface World {
  readonly server: FakeServer
  readonly client: ChannelsClient
  /** Every message that reached the client. */
  readonly arrived: Message[]
}

/** A fake server with three products, and a client of it that knows no other way than sockets unless told so. */
export function world(options: ClientOptions = {}, table: FakeTableOptions = {}): World {
  const server = new FakeServer()
  server.bind('shop.Product', { rows: PRODUCTS, ...table })
  const client = new ChannelsClient({
    ...server.options,
    transport: 'ws',
    backoff: { random: () => 1 },
    ...options,
  })
  const arrived: Message[] = []
  client.onFrame(({ direction, text }) => {
    if (direction === 'in') arrived.push(...messagesOf(text))
  })
  return { server, client, arrived }
}

/** What is chosen in one step of a random history: draw it by fast-check, and read it by `chooser`. */
export const choices = fc.array(fc.nat(9_999), { minLength: 6, maxLength: 12 })

/** The next of the choices at each call, below a limit; 0 once they are used up, which is what failures shrink to. */
export function chooser(given: readonly number[]): (below: number) => number {
  let used = 0
  return below => (given[used++] ?? 0) % below
}
