import { expect, it, vi } from 'vitest'
import { Calls, type CallsContext } from '../src/calls.js'
import { versionOf } from '../src/diffs.js'
import { BindingError } from '../src/errors.js'
import { LiveRead, type ReadSpec } from '../src/read.js'
import type { Message, Request } from '../src/types.js'
import { fakeClock, settle } from './helpers.js'

fakeClock()

interface Setup {
  readonly read: LiveRead
  readonly sent: Request[]
  readonly diverged: ReturnType<typeof vi.fn>
  readonly receive: (part: Omit<Message, 'event'>) => void
}

/** Questions as a client sends them; `receive` is what it does with what arrives under the name of the read. */
function asking(context: Partial<CallsContext> = {}) {
  const sent: Request[] = []
  const calls = new Calls({
    isOpen: () => true,
    isKnown: () => true,
    send: request => void sent.push(request),
    refusal: () => null,
    timeoutMs: 15_000,
    ...context,
  })
  const receive = (read: LiveRead, part: Omit<Message, 'event'>): void => {
    const message = { event: read.event, ...part }
    if (message.id === undefined) read.receive(message)
    else calls.settle(message)
  }
  return { sent, calls, receive }
}

/** A read without anything around it, that shows one row in version `e1`. */
function setup(context: Partial<CallsContext> = {}, spec: Partial<ReadSpec> = {}): Setup {
  const { sent, calls, receive: receiveFor } = asking(context)
  const diverged = vi.fn()
  const read = new LiveRead({ stream: 'a.B', action: 'list', params: {}, ...spec }, 'h1', {
    calls,
    changed: () => undefined,
    diverged,
  })
  const receive = (part: Omit<Message, 'event'>): void => receiveFor(read, part)
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

const refused = { code: 'forbidden', message: 'Not yours.' }
const busy = { code: 'unavailable', message: 'Busy.', retry_after: 3 }

it('gives everyone who waits the answer that is on its way', async () => {
  const { read, sent, receive } = setup()
  const answers = [read.fresh(), read.fresh()]
  expect(sent).toHaveLength(2)
  receive({ id: 2, type: 'same', v: one })
  expect(await Promise.all(answers)).toEqual([read.state, read.state])
})

it('rejects those who wait where the answer is an error, and shows nothing more', async () => {
  const { read, receive } = setup()
  const answer = expect(read.fresh()).rejects.toMatchObject({ code: 'forbidden' })
  receive({ id: 2, error: refused })
  await answer
  expect(read.state).toMatchObject({ status: 'error', data: undefined, isLive: false, error: { code: 'forbidden' } })
})

it('keeps what it shows through an error that passes, and asks again when the server says', async () => {
  const { read, sent, receive } = setup()
  read.ask()
  receive({ id: 2, error: busy })
  expect(read.state).toMatchObject({ status: 'success', isLive: false })
  await settle(2_999)
  expect(sent).toHaveLength(2)
  await settle(1)
  expect(sent).toHaveLength(3)
})

it('says what it cannot be read for just now beside what it shows, until the server goes on by itself', () => {
  const { read, sent, receive } = setup()
  receive({ error: { code: 'internal', message: 'Broken.', retry: true, ref: 'a1' } })
  expect(read.state).toMatchObject({ status: 'success', isLive: false, error: { code: 'internal' } })
  expect(read.state.data).toEqual({ rows: [{ id: 7, n: 1 }] })
  receive({ type: 'same', v: one })
  expect(read.state).toMatchObject({ status: 'success', isLive: true, error: null, v: one })
  vi.advanceTimersByTime(60_000)
  expect(sent).toHaveLength(1)
})

it('waits for the connection with what passes', async () => {
  let isOpen = true
  const { read, sent, receive } = setup({ isOpen: () => isOpen })
  read.ask()
  isOpen = false
  receive({ id: 2, error: busy })
  await settle(60_000)
  read.ask()
  expect(sent).toHaveLength(2)
})

it('fails at once where there will be no connection', () => {
  const refusal = new BindingError('unauthenticated', 'Who are you?')
  let isRefused = false
  const { read, sent } = setup({ refusal: () => (isRefused ? refusal : null) })
  isRefused = true
  read.ask()
  expect(sent).toHaveLength(1)
  expect(read.state.error).toBe(refusal)
})

it('fails when no answer comes in time', async () => {
  const { read } = setup()
  const answer = expect(read.fresh()).rejects.toMatchObject({ code: 'timeout' })
  await settle(15_000)
  await answer
  expect(read.state).toMatchObject({ status: 'success', isLive: false })
})

it('is gone when its row is, and comes back with it', () => {
  const { read, receive } = setup({}, { action: 'retrieve', params: { id: 7 } })
  receive({ type: 'gone' })
  expect(read.state).toMatchObject({ status: 'gone', data: undefined, isLive: true })
  receive({ type: 'snapshot', v: 'e3', data: { id: 7, n: 3 } })
  expect(read.state).toMatchObject({ status: 'success', v: 'e3', data: { id: 7, n: 3 } })
  read.ask()
  receive({ id: 2, error: { code: 'not_found', message: 'No such row.' } })
  expect(read.state).toMatchObject({ status: 'gone', error: null })
})

it('is no longer live while the connection is lost, and says what it has when it is back', () => {
  const { read, sent } = setup()
  read.lost()
  expect(read.state).toMatchObject({ status: 'success', isLive: false })
  read.ask()
  expect(sent.at(-1)).toMatchObject({ have: { v: one, rows: [[7, 'e1']] } })
})

it('says to those who wait that it was given up, and asks no more', async () => {
  const { read, sent } = setup()
  const answer = expect(read.fresh()).rejects.toMatchObject({ code: 'unavailable', message: /given up/ })
  read.stop()
  await answer
  await settle(60_000)
  expect(sent).toHaveLength(2)
})

it('asks anew for what changes while what applies changes is not there, and never waits for it', async () => {
  vi.resetModules()
  vi.doMock('../src/diffs.js', () => {
    throw new Error('It is not on the server any more.')
  })
  const { LiveRead: Read } = await import('../src/read.js')
  const { sent, calls, receive: receiveFor } = asking()
  const read = new Read({ stream: 'a.B', action: 'list', params: {} }, 'h1', {
    calls,
    changed: () => undefined,
    diverged: () => expect.unreachable(),
  })
  const receive = (part: Omit<Message, 'event'>): void => receiveFor(read, part)
  const rows = (n: number) => ({ data: { rows: [{ id: 7, n }] }, etags: [`e${n}`] })
  read.ask()
  receive({ id: 1, type: 'snapshot', v: one, ...rows(1) })
  expect(read.state).toMatchObject({ status: 'success', isLive: true, data: { rows: [{ id: 7, n: 1 }] } })
  await settle()
  receive(change)
  expect(sent).toEqual([expect.objectContaining({ id: 1 }), { event: 'a.B.list#h1', id: 2, data: {} }])
  receive({ id: 2, type: 'snapshot', v: two, ...rows(2) })
  expect(read.state).toMatchObject({ isLive: true, v: two, data: { rows: [{ id: 7, n: 2 }] } })
  expect(read.window?.etags).toEqual(['e2'])
  read.stop()
  vi.doUnmock('../src/diffs.js')
})
