import { afterEach, expect, it, vi } from 'vitest'
import { Feed, type FeedContext } from '../../src/http/feed.js'
import type { Message } from '../../src/types.js'
import { fakeClock, settle } from '../helpers.js'

fakeClock()

const EVENT = 'shop.Product.search#h1'
const event = (message: object): string => `data: ${JSON.stringify(message)}\n\n`
const FIRST = event({ event: 'x', type: 'snapshot', v: 'a', data: {} })
const NEXT = event({ event: 'x', type: 'diff', from: 'a', v: 'b', data: {} })

/** A body of these texts, which ends, is cut off, or stays open until the signal ends it. */
function body(texts: readonly string[], end: 'ends' | 'breaks' | 'stays', signal?: AbortSignal): Response {
  const stream = new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(new TextEncoder().encode(text))
      if (end === 'ends') controller.close()
      else if (end === 'breaks') setTimeout(() => controller.error(new Error('cut')), 0)
      else signal?.addEventListener('abort', () => controller.error(signal.reason))
    },
  })
  return new Response(stream, { headers: { 'Content-Type': 'text/event-stream' } })
}

type Answer = (signal: AbortSignal) => Response | Promise<Response>
const ends =
  (...texts: string[]): Answer =>
  () =>
    body(texts, 'ends')
const breaks =
  (...texts: string[]): Answer =>
  () =>
    body(texts, 'breaks')
const stays =
  (...texts: string[]): Answer =>
  signal =>
    body(texts, 'stays', signal)

const feeds: Feed[] = []
afterEach(() => {
  for (const feed of feeds.splice(0)) feed.stop()
})

/** A feed whose questions are answered so, one after the other; the last answer is that of all that follow. */
function feeding(answers: readonly Answer[], part: Partial<FeedContext> = {}, have?: { v: string }) {
  const asked: Readonly<Record<string, string>>[] = []
  const received: Message[] = []
  const context = {
    ask: async (_request: unknown, headers: Readonly<Record<string, string>>, signal: AbortSignal) => {
      asked.push(headers)
      return ((answers[asked.length - 1] ?? answers.at(-1)) as Answer)(signal)
    },
    received: (message: Message) => void received.push(message),
    lost: vi.fn(),
    claim: () => true,
    release: vi.fn(),
    buffered: vi.fn(),
    patienceMs: 1_000,
    pollMs: 5_000,
    ...part,
  }
  const feed = new Feed({ event: EVENT, id: 9, data: {}, ...(have && { have }) } as never, context)
  feeds.push(feed)
  return { feed, asked, received, context, run: feed.run() }
}

it('asks once, then streams from there on, under the name and the id of the client', async () => {
  const { asked, received, context } = feeding([ends(FIRST), stays(NEXT)])
  await settle()
  expect(received).toEqual([
    { event: EVENT, id: 9, type: 'snapshot', v: 'a', data: {} },
    { event: EVENT, type: 'diff', from: 'a', v: 'b', data: {} },
  ])
  expect(asked).toEqual([
    { Accept: 'text/event-stream', Prefer: 'wait=0' },
    { Accept: 'text/event-stream', 'Last-Event-ID': 'a' },
  ])
  expect(context.release).not.toHaveBeenCalled()
})

it('goes on with what the client has, and forgets it once the row is gone', async () => {
  const { asked } = feeding([ends(event({ event: 'x', type: 'gone' })), stays()], {}, { v: 'z' })
  await settle()
  expect(asked).toEqual([
    { Accept: 'text/event-stream', Prefer: 'wait=0', 'Last-Event-ID': 'z' },
    { Accept: 'text/event-stream' },
  ])
})

it('asks now and then where no more streams may be open, and once more at each wish', async () => {
  const { asked, feed, received } = feeding([ends(FIRST), ends(NEXT)], { claim: () => false })
  await settle(4_900)
  expect(asked).toHaveLength(1)
  await settle(200)
  expect(asked).toHaveLength(2)
  expect(asked[1]).toMatchObject({ Prefer: 'wait=0', 'Last-Event-ID': 'a' })
  void feed.refresh()
  await settle()
  expect(received).toHaveLength(3)
})

it('says that something collects what is streamed: nothing comes for a while', async () => {
  const { context, asked } = feeding([ends(FIRST), stays()])
  await settle(900)
  expect(context.buffered).not.toHaveBeenCalled()
  await settle(200)
  expect(context.buffered).toHaveBeenCalledOnce()
  expect(context.release).toHaveBeenCalledOnce()
  await settle(500)
  expect(asked.length).toBeGreaterThan(2)
})

it('says so as well where streams end empty, three times in a row, and not sooner', async () => {
  const { context } = feeding([ends(FIRST), ends(), ends(), ends(NEXT), ends(), ends(), stays(NEXT)])
  await settle(20_000)
  expect(context.buffered).not.toHaveBeenCalled()
  const other = feeding([ends(FIRST), ends(), ends(), ends(), stays(NEXT)])
  await settle(20_000)
  expect(other.context.buffered).toHaveBeenCalledOnce()
})

it('goes on after a stream that is cut off', async () => {
  const { context, received, asked } = feeding([ends(FIRST), breaks(NEXT), stays()])
  await settle(900)
  expect(received).toHaveLength(2)
  expect(asked).toHaveLength(3)
  expect(asked[2]).toMatchObject({ 'Last-Event-ID': 'b' })
  expect(context.lost).not.toHaveBeenCalled()
})

it.each([
  [
    'cannot be reached',
    (): Response => {
      throw new TypeError('fetch failed')
    },
  ],
  ['ends the first answer before it says anything', ends()],
  ['cuts the first answer off', breaks()],
])('says that the server is lost where it %s', async (_what, answer) => {
  const { context, run } = feeding([answer])
  await settle()
  await run
  expect(context.lost).toHaveBeenCalledOnce()
})

it('says nothing of a server that cannot be reached for a stream once nobody wants it any more', async () => {
  let refuse = (): void => undefined
  const late = (): Promise<Response> =>
    new Promise((_resolve, reject) => {
      refuse = () => reject(new TypeError('no'))
    })
  const { context, feed, run } = feeding([ends(FIRST), late])
  await settle()
  feed.stop()
  refuse()
  await settle()
  await run
  expect(context.lost).not.toHaveBeenCalled()
})

it('says that the server is lost where a stream cannot be opened', async () => {
  const { context } = feeding([ends(FIRST), () => Promise.reject(new TypeError('no'))])
  await settle()
  expect(context.lost).toHaveBeenCalledOnce()
  expect(context.release).toHaveBeenCalledOnce()
})

it('hands on who one is, and keeps to itself that the server is going', async () => {
  const user = event({ event: 'cb.user', data: { user: '7' } })
  const { received } = feeding([ends(FIRST), stays(event({ event: 'cb.goaway', data: {} }), user)])
  await settle()
  expect(received.slice(1)).toEqual([{ event: 'cb.user', data: { user: '7' } }])
})

it('is over with an error of the server, and asks no more', async () => {
  const refused = (): Response =>
    new Response(JSON.stringify({ error: { code: 'forbidden', message: 'No.' } }), { status: 403 })
  const { received, asked, run, feed } = feeding([refused])
  await settle()
  await run
  expect(received).toMatchObject([{ event: EVENT, id: 9, error: { code: 'forbidden' } }])
  await feed.refresh()
  await feed.next()
  expect(asked).toHaveLength(1)
})

it('lets who waits for the next message go on when it comes, and when there will be none', async () => {
  const { feed } = feeding([ends(FIRST), stays()])
  const heard = vi.fn()
  void feed.next().then(heard)
  await settle()
  expect(heard).toHaveBeenCalledOnce()
  void feed.next().then(heard)
  await settle()
  expect(heard).toHaveBeenCalledOnce()
  feed.stop()
  await settle()
  expect(heard).toHaveBeenCalledTimes(2)
})

it('keeps nothing of the waits that are over, however long it asks', async () => {
  const added = vi.spyOn(AbortSignal.prototype, 'addEventListener')
  const removed = vi.spyOn(AbortSignal.prototype, 'removeEventListener')
  const { asked } = feeding([ends(FIRST), ends(NEXT)], { claim: () => false })
  await settle(100_500)
  expect(asked).toHaveLength(21)
  expect(added.mock.calls.length - removed.mock.calls.length).toBe(1) // the wait that is under way
})
