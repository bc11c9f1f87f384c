import { expect, it, vi } from 'vitest'
import { LiveRead } from '../src/read.js'
import type { Message, Request } from '../src/types.js'
import { versionOf } from '../src/window.js'
import { fakeClock } from './helpers.js'

fakeClock()

interface Setup {
  readonly read: LiveRead
  readonly sent: Request[]
  readonly diverged: ReturnType<typeof vi.fn>
  readonly receive: (part: Omit<Message, 'event'>) => void
}

/** A read without anything around it, that shows one row in version `e1`. */
function setup(): Setup {
  const sent: Request[] = []
  const diverged = vi.fn()
  const read = new LiveRead({ stream: 'a.B', action: 'list', params: {} }, 'h1', {
    nextId: () => sent.length + 1,
    isOpen: () => true,
    send: request => sent.push(request),
    refusal: () => null,
    changed: () => undefined,
    diverged,
    timeoutMs: 15_000,
  })
  const receive = (part: Omit<Message, 'event'>): void => read.receive({ event: read.event, ...part })
  read.ask()
  receive({ id: 1, type: 'snapshot', v: one, data: { rows: [{ id: 7, n: 1 }] }, etags: ['e1'] })
  return { read, sent, diverged, receive }
}

const one = versionOf([{ id: 7 }], ['e1'])
const two = versionOf([{ id: 7 }], ['e2'])
const change = { type: 'diff', from: one, v: two, data: { patch: [[7, { n: 2 }, 'e2']] } } as const

it('leaves a push out while it awaits an answer, for the answer is about what it said it has', () => {
  const { read, diverged, receive } = setup()
  read.ask()
  receive(change)
  receive({ id: 2, type: 'same', v: one })
  expect(read.state).toMatchObject({ v: one, isLive: true, data: { rows: [{ n: 1 }] } })
  expect(diverged).not.toHaveBeenCalled()
})

it('leaves a late answer out', () => {
  const { read, receive } = setup()
  read.ask()
  read.ask()
  receive({ id: 2, error: { code: 'forbidden', message: 'late' } })
  expect(read.state.status).toBe('success')
  receive({ id: 3, type: 'same', v: one })
  receive(change)
  expect(read.state).toMatchObject({ v: two, data: { rows: [{ n: 2 }] } })
})

it('asks from the start when not even the answer fits', () => {
  const { read, sent, diverged, receive } = setup()
  read.ask()
  receive({ id: 2, type: 'delta', v: 'ffffffff', data: { order: [7], rows: [] }, etags: [] })
  expect(diverged).toHaveBeenCalledOnce()
  expect(sent.map(request => 'have' in request)).toEqual([false, true, false])
})
