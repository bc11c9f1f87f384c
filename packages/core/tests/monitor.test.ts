import { expect, it, vi } from 'vitest'
import { Monitor, type MonitorHandlers } from '../src/monitor.js'
import { fakeClock, settle } from './helpers.js'

fakeClock()

function monitor(): { monitor: Monitor; told: { [K in keyof MonitorHandlers]: ReturnType<typeof vi.fn> } } {
  const told = { ping: vi.fn(), latency: vi.fn(), stale: vi.fn(), awake: vi.fn() }
  return { monitor: new Monitor({}, told), told }
}

it('asks at once and then every ten seconds', async () => {
  const { monitor: heart, told } = monitor()
  heart.start()
  for (let n = 1; n <= 3; n++) {
    expect(told.ping).toHaveBeenLastCalledWith(n)
    heart.pong(n)
    await settle(10_000)
  }
  expect(told.stale).not.toHaveBeenCalled()
})

it('asks once where it is never to ask again', async () => {
  const told = { ping: vi.fn(), latency: vi.fn(), stale: vi.fn(), awake: vi.fn() }
  const heart = new Monitor({ intervalMs: Number.POSITIVE_INFINITY }, told)
  heart.start()
  heart.pong(1)
  await settle(10_000)
  expect(told.ping).toHaveBeenCalledOnce()
})

it('measures the round trip', async () => {
  const { monitor: heart, told } = monitor()
  heart.start()
  await settle(42)
  heart.pong(1)
  expect(told.latency).toHaveBeenCalledWith(42)
})

it('finds the link dead when nothing is heard for eight seconds', async () => {
  const { monitor: heart, told } = monitor()
  heart.start()
  await settle(7_999)
  expect(told.stale).not.toHaveBeenCalled()
  await settle(1)
  expect(told.stale).toHaveBeenCalledOnce()
})

it('takes anything that is heard for a sign of life', async () => {
  const { monitor: heart, told } = monitor()
  heart.start()
  await settle(7_000)
  heart.heard()
  await settle(7_000)
  expect(told.stale).not.toHaveBeenCalled()
})

it('ignores an answer to another question', () => {
  const { monitor: heart, told } = monitor()
  heart.start()
  heart.pong(99)
  expect(told.latency).not.toHaveBeenCalled()
})

it('is still when stopped', async () => {
  const { monitor: heart, told } = monitor()
  heart.start()
  heart.stop()
  heart.ping()
  await settle(60_000)
  expect(told.ping).toHaveBeenCalledOnce()
  expect(told.stale).not.toHaveBeenCalled()
})

it('asks nothing while an answer is awaited, or once it was stopped', () => {
  const { monitor: heart, told } = monitor()
  heart.start()
  heart.ping()
  expect(told.ping).toHaveBeenCalledOnce()
  heart.stop()
  heart.ping()
  expect(told.ping).toHaveBeenCalledOnce()
})

it('notices that the network or the page is back, until it no longer watches', () => {
  const page = new EventTarget()
  const document = { hidden: true }
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  vi.stubGlobal('document', document)
  const { monitor: heart, told } = monitor()
  heart.watch()
  heart.watch()
  page.dispatchEvent(new Event('online'))
  expect(told.awake).toHaveBeenCalledOnce()
  page.dispatchEvent(new Event('visibilitychange'))
  expect(told.awake).toHaveBeenCalledOnce()
  document.hidden = false
  page.dispatchEvent(new Event('visibilitychange'))
  expect(told.awake).toHaveBeenCalledTimes(2)
  heart.unwatch()
  heart.unwatch()
  page.dispatchEvent(new Event('online'))
  page.dispatchEvent(new Event('visibilitychange'))
  expect(told.awake).toHaveBeenCalledTimes(2)
  vi.unstubAllGlobals()
})

it('watches nothing where there is no page', () => {
  vi.stubGlobal('addEventListener', undefined)
  const { monitor: heart, told } = monitor()
  heart.watch()
  heart.unwatch()
  expect(told.awake).not.toHaveBeenCalled()
  vi.unstubAllGlobals()
})
