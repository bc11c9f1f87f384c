import { expect, it } from 'vitest'
import { Backoff } from '../src/backoff.js'

it('doubles its ceiling up to the maximum', () => {
  const backoff = new Backoff({ random: () => 1 })
  const delays = Array.from({ length: 8 }, () => backoff.nextDelayMs())
  expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000])
})

it('takes anything below the ceiling, so that clients do not come back together', () => {
  const backoff = new Backoff({ random: () => 0.5 })
  expect([backoff.nextDelayMs(), backoff.nextDelayMs()]).toEqual([125, 250])
})

it('starts again after a reset', () => {
  const backoff = new Backoff({ random: () => 1 })
  backoff.nextDelayMs()
  backoff.nextDelayMs()
  backoff.reset()
  expect(backoff.nextDelayMs()).toBe(250)
})

it('waits by chance where nobody says otherwise', () => {
  const backoff = new Backoff({ minMs: 8, maxMs: 8 })
  const delays = Array.from({ length: 100 }, () => backoff.nextDelayMs())
  expect(delays.every(delay => delay >= 0 && delay <= 8)).toBe(true)
  expect(new Set(delays).size).toBeGreaterThan(1)
  expect(new Backoff().nextDelayMs()).toBeLessThanOrEqual(250)
})
