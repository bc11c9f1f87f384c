import { expect, it, vi } from 'vitest'
import { MOST_SAMPLES, Samples } from '../src/figures/samples'

it('takes what went by since the last sample, and the latency while the connection is open', () => {
  const totals = { in: 5, out: 1, bytesIn: 0, bytesOut: 0 }
  const state = { status: 'open' as 'open' | 'closed', latencyMs: 3 }
  const samples = new Samples({ totals }, { getState: () => state })
  const told = vi.fn()
  const stop = samples.listen(told)
  totals.in = 9
  samples.take()
  state.status = 'closed'
  samples.take()
  expect(samples.all()).toMatchObject([
    { messagesIn: 4, messagesOut: 0, latencyMs: 3 },
    { messagesIn: 0, messagesOut: 0, latencyMs: null },
  ])
  expect(told).toHaveBeenCalledTimes(2)
  stop()
  for (let n = 0; n < MOST_SAMPLES + 5; n++) samples.take()
  expect(samples.all()).toHaveLength(MOST_SAMPLES)
  expect(told).toHaveBeenCalledTimes(2)
})

it('takes one a second once it has begun', () => {
  vi.useFakeTimers()
  const samples = new Samples(
    { totals: { in: 0, out: 0, bytesIn: 0, bytesOut: 0 } },
    { getState: () => ({ status: 'open', latencyMs: null }) },
  )
  samples.start()
  vi.advanceTimersByTime(3_000)
  expect(samples.all()).toHaveLength(3)
  vi.useRealTimers()
})
