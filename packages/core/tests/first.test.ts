import { expect, it, vi } from 'vitest'
import { FirstWay } from '../src/first.js'
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
  const finderOf = vi.fn((_socket: unknown, _failures: number) => finder as never)
  const load = vi.fn(find ?? (async () => finderOf))
  const way = new FirstWay(
    {
      url: async () => 'ws://fake/',
      protocols: () => [],
      batches: true,
      maxFrameBytes: () => 4_096,
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
  return { way, told, finder, finderOf, load, play, open }
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

it('hands over what it has after a second without an answer, and not once the socket is open', async () => {
  const slow = setup()
  await slow.open()
  await settle(1_000)
  expect(slow.finderOf).toHaveBeenCalledExactlyOnceWith(slow.way, 0)
  expect(slow.told.replaced).toHaveBeenCalledExactlyOnceWith(slow.finder)
  expect(slow.finder.start).toHaveBeenCalledExactlyOnceWith(true)
  let loaded: (finder: never) => void = () => undefined
  const late = setup(true, () => new Promise(resolve => (loaded = resolve)))
  await late.open()
  await settle(1_000)
  await late.play('open')
  loaded(late.finderOf as never)
  await settle()
  expect([late.load.mock.calls.length, late.told.replaced.mock.calls.length]).toEqual([1, 0])
  await late.play('close', { code: 1006 })
  await late.open()
  await settle(1_000)
  loaded(late.finderOf as never)
  await settle()
  expect(late.told.replaced).toHaveBeenCalledOnce() // it is looked for again in the next trouble
})

it('starts nothing where the connection was given up meanwhile', async () => {
  const { way, told, finder, open } = setup()
  await open()
  await settle(999)
  way.close()
  await settle(60_000)
  expect([told.replaced.mock.calls.length, finder.start.mock.calls.length]).toEqual([0, 0])
})

it('hands over after three sockets that could not be opened, and tells of each', async () => {
  const { way, told, finder, finderOf, open, play } = setup()
  told.replaced.mockImplementation(() => way.open()) // who waits for the next attempt makes it now
  for (let socket = 0; socket < 3; socket++) {
    expect(told.replaced).not.toHaveBeenCalled()
    await open()
    await play('close', { code: 1006 })
  }
  expect(told.closed).toHaveBeenCalledTimes(3)
  expect(finderOf).toHaveBeenCalledExactlyOnceWith(way, 3)
  expect(finder.start).not.toHaveBeenCalled()
})

it('goes on with sockets while what finds others is on its way, however long that takes', async () => {
  const { told, load, open, play } = setup(true, () => new Promise(() => undefined))
  for (let socket = 0; socket < 5; socket++) {
    await open()
    await play('close', { code: 1006 })
  }
  expect([told.closed.mock.calls.length, load.mock.calls.length]).toEqual([5, 1])
  await open()
  await play('open')
  expect(told.opened).toHaveBeenCalledOnce()
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
  const { told, finder, finderOf, open } = setup(false)
  await open()
  expect(finderOf).toHaveBeenCalledExactlyOnceWith(null, 0)
  expect(finder.start).toHaveBeenCalledExactlyOnceWith(false)
  expect(told.closed).not.toHaveBeenCalled()
})

it('goes on with sockets where what finds others is not there, and asks for it again in the next trouble', async () => {
  const { told, load, open } = setup(true, () => Promise.reject(new Error('gone')))
  await open()
  await settle(1_000)
  expect([told.closed.mock.calls.length, load.mock.calls.length]).toEqual([0, 1]) // the socket may open yet
  await open()
  await settle(1_000)
  expect(load).toHaveBeenCalledTimes(2)
})

it('says that the connection could not be opened where there is no socket and nothing else either', async () => {
  const { told, open } = setup(false, () => Promise.reject(new Error('gone')))
  await open()
  expect(told.closed).toHaveBeenCalledExactlyOnceWith(1006, 'Error: gone', false)
})
