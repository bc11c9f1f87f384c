import { expect, it, vi } from 'vitest'
import { Timer } from '../src/timer.js'
import { fakeClock, settle } from './helpers.js'

fakeClock()

it('lets the last thing happen, once, unless it is stopped', async () => {
  const timer = new Timer()
  const [first, second] = [vi.fn(() => expect(timer.isRunning).toBe(false)), vi.fn()]
  timer.start(second, 10)
  timer.start(first, 20)
  expect(timer.isRunning).toBe(true)
  await settle(100)
  expect([first.mock.calls.length, second.mock.calls.length, timer.isRunning]).toEqual([1, 0, false])
  timer.start(second, 10)
  timer.stop()
  await settle(100)
  expect(second).not.toHaveBeenCalled()
})

it('waits longer than a browser can, and for ever, where others would not wait at all', async () => {
  const timer = new Timer()
  const happen = vi.fn()
  for (const ms of [Number.POSITIVE_INFINITY, 60 * 24 * 3_600_000]) {
    timer.start(happen, ms)
    await settle(10_000)
  }
  expect([happen.mock.calls.length, timer.isRunning]).toEqual([0, true])
})
