import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FrameLog, filtered, MOST_CHARACTERS, MOST_FRAMES, pretty } from '../src/frames/log'

const arrives = (message: object): { direction: 'in'; text: string } => ({
  direction: 'in',
  text: JSON.stringify(message),
})
const WHY = { models: { 'shop.Order': [7] }, group: 'g', readers: 2, took_ms: 1, statements: 1, whole: false }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('keeps the newest frames first, and no more than it may', () => {
  const log = new FrameLog()
  for (let n = 0; n < MOST_FRAMES + 10; n++) log.add(arrives({ event: `a.b#${n}` }), 'ws')
  expect(log.frames()).toHaveLength(MOST_FRAMES)
  expect(log.frames()[0]).toMatchObject({ event: `a.b#${MOST_FRAMES + 9}`, direction: 'in', carrier: 'ws' })
})

it('cuts what is too long to be kept', () => {
  const log = new FrameLog()
  log.add(arrives({ event: 'a.b', data: 'x'.repeat(2 * MOST_CHARACTERS) }), 'ws')
  expect(log.frames()[0]!.text.length).toBeLessThan(MOST_CHARACTERS + 10)
  expect(log.frames()[0]!.bytes).toBeGreaterThan(2 * MOST_CHARACTERS)
})

it('says what the first message of a frame is, and how many there are', () => {
  const log = new FrameLog()
  log.add({ direction: 'out', text: JSON.stringify([{ event: 'a.b' }, { event: 'a.c' }]) }, 'http')
  log.add(arrives({ event: 'a.b', type: 'diff' }), 'ws')
  log.add(arrives({ event: 'a.b', error: { code: 'invalid' } }), 'ws')
  log.add({ direction: 'in', text: 'no JSON' }, null)
  expect(log.frames().map(({ event, type, messages }) => [event, type, messages])).toEqual([
    ['', '', 0],
    ['a.b', 'error invalid', 1],
    ['a.b', 'diff', 1],
    ['a.b', '', 2],
  ])
})

it('counts messages and bytes both ways, without heartbeats', () => {
  const log = new FrameLog()
  log.add({ direction: 'out', text: '[{"event":"a.b"},{"event":"a.c"}]' }, 'ws')
  log.add(arrives({ event: 'a.b' }), 'ws')
  log.add(arrives({ event: 'cb.pong', data: { n: 1 } }), 'ws')
  expect(log.totals).toEqual({ in: 1, out: 2, bytesIn: 15, bytesOut: 33 })
})

it('keeps the messages of which the server says why', () => {
  const log = new FrameLog()
  log.add(arrives({ event: 'shop.Order.search#h1', type: 'diff', why: WHY }), 'ws')
  log.add(arrives([{ event: 'a.b' }, { event: 'a.c', why: WHY }]), 'ws')
  log.add(arrives([null, 1]), 'ws')
  expect(log.explained().map(({ message }) => message.event)).toEqual(['a.c', 'shop.Order.search#h1'])
})

it('tells of changes at most five times a second', () => {
  const log = new FrameLog()
  const told = vi.fn()
  const stop = log.listen(told)
  for (let n = 0; n < 50; n++) log.add(arrives({ event: 'a.b' }), 'ws')
  expect(told).not.toHaveBeenCalled()
  vi.advanceTimersByTime(250)
  expect(told).toHaveBeenCalledTimes(1)
  log.clear()
  vi.advanceTimersByTime(250)
  expect(told).toHaveBeenCalledTimes(2)
  expect(log.frames()).toEqual([])
  stop()
  log.clear()
  vi.advanceTimersByTime(250)
  expect(told).toHaveBeenCalledTimes(2)
})

it('filters by direction, event, type and text, and hides heartbeats', () => {
  const log = new FrameLog()
  log.add(arrives({ event: 'a.search', type: 'diff', data: 'Zeppelin' }), 'ws')
  log.add({ direction: 'out', text: '{"event":"a.search"}' }, 'ws')
  log.add({ direction: 'out', text: '{"event":"cb.ping"}' }, 'ws')
  const found = (text: string, direction: 'both' | 'in' | 'out' = 'both', beats = false): number =>
    filtered(log.frames(), { text, direction, beats }).length
  expect([found(''), found('', 'both', true), found('', 'in'), found('', 'out')]).toEqual([2, 3, 1, 1])
  expect([found('SEARCH'), found('diff'), found(' zeppelin '), found('nothing')]).toEqual([2, 1, 1, 0])
})

it('indents JSON and leaves alone what is none', () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}')
  expect(pretty('{"a":1 …')).toBe('{"a":1 …')
})
