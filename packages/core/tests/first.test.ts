import { expect, it, vi } from 'vitest'
import { type Finder, FirstWay } from '../src/first.js'
import type { SocketConstructor } from '../src/socket.js'
import { fakeClock, settle } from './helpers.js'

fakeClock()

/** A first way whose sockets are played by the test; each of them in `sockets`, by its listeners. */
function setup(isSocketWanted = true, find?: () => Promise<never>) {
  const sockets: Map<string, (event: object) => void>[] = []
  class Socket {
    readonly #listeners = new Map<string, (event: object) => void>()
    constructor() {
      sockets.push(this.#listeners)
    }
    addEventListener(type: string, listener: (event: never) => void): void {
      this.#listeners.set(type, listener as (event: object) => void)
    }
    send(): void {}
    close(): void {}
  }
  const told = {
    opened: vi.fn(),
    moved: vi.fn(),
    closed: vi.fn(),
    received: vi.fn(),
    frame: vi.fn(),
    replaced: vi.fn(),
  }
  const finder = { start: vi.fn() }
  const load = vi.fn(find ?? (async () => () => finder as unknown as Finder))
  const way = new FirstWay(
    {
      url: async () => 'ws://fake/',
      protocols: () => [],
      batches: true,
      WebSocket: Socket as unknown as SocketConstructor,
      handlers: told,
    },
    isSocketWanted,
    load,
  )
  const play = async (type: string, event: object = {}): Promise<void> => {
    sockets.at(-1)?.get(type)?.({ type, ...event })
    await settle()
  }
  const open = async (): Promise<void> => {
    way.open()
    await settle()
  }
  return { way, told, finder, load, play, open }
}

it('loads nothing where a socket opens', async () => {
  const { told, load, open, play } = setup()
  await open()
  await play('open')
  await settle(60_000)
  expect([told.opened.mock.calls.length, load.mock.calls.length]).toEqual([1, 0])
  await play('close', { code: 4500 })
  expect(told.closed).toHaveBeenCalledExactlyOnceWith(4500, '', true)
})

it('hands over what it has after a second without an answer, and not once the socket is open or given up', async () => {
  const slow = setup()
  await slow.open()
  await settle(1_000)
  expect(slow.told.replaced).toHaveBeenCalledExactlyOnceWith(slow.finder)
  expect(slow.finder.start).toHaveBeenCalledExactlyOnceWith(true, 0)
  for (const end of [
    (made: ReturnType<typeof setup>) => made.play('open'),
    (made: ReturnType<typeof setup>) => made.way.close(),
  ]) {
    let loaded: (finder: never) => void = () => undefined
    const late = setup(true, () => new Promise(resolve => (loaded = resolve)))
    await late.open()
    await settle(1_000)
    await end(late)
    loaded((() => late.finder) as never)
    await settle()
    expect([late.load.mock.calls.length, late.told.replaced.mock.calls.length]).toEqual([1, 0])
  }
})

it('hands over after three sockets that could not be opened, and tells of the first two', async () => {
  const { told, finder, open, play } = setup()
  for (let socket = 0; socket < 3; socket++) {
    await open()
    await play('close', { code: 1006 })
  }
  expect(told.closed).toHaveBeenCalledTimes(2)
  expect(finder.start).toHaveBeenCalledExactlyOnceWith(false, 3)
})

it('never looks for another way to a server that does not want the connection', async () => {
  const { told, load, open, play } = setup()
  for (let socket = 0; socket < 4; socket++) {
    await open()
    await play('close', { code: 4401 })
  }
  expect([told.closed.mock.calls.length, load.mock.calls.length]).toEqual([4, 0])
})

it('opens no socket where none is wanted', async () => {
  const { told, finder, open } = setup(false)
  await open()
  expect(finder.start).toHaveBeenCalledExactlyOnceWith(false, 0)
  expect(told.closed).not.toHaveBeenCalled()
})

it('says that the connection could not be opened where what finds others is not there', async () => {
  const { told, open, play } = setup(true, () => Promise.reject(new Error('gone')))
  await open()
  await settle(1_000)
  expect(told.closed).not.toHaveBeenCalled() // the socket may open yet
  await play('close', { code: 1006 })
  await open()
  await play('close', { code: 1006 })
  await open()
  await play('close', { code: 1006 })
  expect(told.closed.mock.calls.at(-1)).toEqual([1006, 'Error: gone', false])
})
