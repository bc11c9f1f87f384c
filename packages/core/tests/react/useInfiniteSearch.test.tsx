import { BindingError, type ClientOptions } from '@channels-binding/core'
import { useInfiniteSearch, useSuspenseInfiniteSearch } from '@channels-binding/core/react'
import type { FakeServer } from '@channels-binding/core/testing'
import { act, cleanup, render, renderHook, screen } from '@testing-library/react'
import fc from 'fast-check'
import { type JSX, Suspense } from 'react'
import { expect, it } from 'vitest'
import { choices, chooser, fakeClock } from '../helpers.js'
import { type Stage, stage } from './stage.js'

fakeClock()

const ROWS = Array.from({ length: 10 }, (_, index) => ({ id: index + 1, name: `p${index}`, stock: index * 10 }))

function endless(
  order: string | string[] = 'stock',
  limit = 3,
  options: ClientOptions = {},
): Stage & { result: { current: Result } } {
  const made = stage(options, { rows: ROWS })
  const { result } = renderHook(() => useInfiniteSearch('shop.Product', { order, limit }), { wrapper: made.Wrapper })
  return { ...made, result }
}

type Result = ReturnType<typeof useInfiniteSearch<'shop.Product'>>
const ids = (result: { current: Result }): unknown[] => result.current.rows.map(row => row.id)

async function next({ wait, result }: Pick<Stage, 'wait'> & { result: { current: Result } }): Promise<void> {
  await act(async () => void result.current.fetchNextPage())
  await wait()
}

it('reads page after page, and all of them stay live', async () => {
  const made = endless()
  const { server, wait, result } = made
  expect(result.current).toMatchObject({ isPending: true, rows: [], data: undefined, hasNextPage: false })
  await wait()
  expect(ids(result)).toEqual([1, 2, 3])
  expect(result.current).toMatchObject({
    status: 'success',
    hasNextPage: true,
    isFetchingNextPage: false,
    isLive: true,
  })
  server.hold()
  act(() => void result.current.fetchNextPage())
  act(() => void result.current.fetchNextPage())
  await wait()
  expect(result.current).toMatchObject({ isFetchingNextPage: true, hasNextPage: false })
  expect(ids(result)).toEqual([1, 2, 3])
  server.release()
  await wait()
  expect(ids(result)).toEqual([1, 2, 3, 4, 5, 6])
  expect(result.current.data?.pages.map(page => page.rows.length)).toEqual([3, 3])
  expect(result.current.data?.pageParams).toHaveLength(2)
  server.update('shop.Product', 2, { name: 'changed' })
  server.update('shop.Product', 5, { stock: 5 })
  await wait()
  expect(ids(result)).toEqual([1, 5, 2, 3, 4, 6, 7])
  expect(result.current.rows[2]).toMatchObject({ name: 'changed' })
  await next(made)
  await next(made)
  expect(ids(result)).toHaveLength(10)
  expect(result.current.hasNextPage).toBe(false)
  await next(made)
  await wait(2_000)
  expect(server.liveReads).toBe(result.current.data?.pages.length)
})

it('begins behind a place, and reads what lies in front of it, live and without holes', async () => {
  const { server, client, Wrapper, wait } = stage({}, { rows: ROWS })
  const asked = client.search('shop.Product', { order: 'stock', limit: 6, after: '' })
  await wait()
  const place = (await asked).end ?? ''
  const { result } = renderHook(
    () => useInfiniteSearch('shop.Product', { order: 'stock', limit: 3 }, { initialPageParam: place }),
    { wrapper: Wrapper },
  )
  await wait()
  expect(ids(result)).toEqual([7, 8, 9])
  expect(result.current).toMatchObject({ hasPreviousPage: true, hasNextPage: true, isFetchingPreviousPage: false })
  const previous = async (): Promise<void> => {
    act(() => {
      void result.current.fetchPreviousPage()
      void result.current.fetchPreviousPage()
    })
    await wait()
  }
  server.hold()
  await previous()
  expect(result.current).toMatchObject({ isFetchingPreviousPage: true, isPending: false })
  expect(ids(result)).toEqual([7, 8, 9])
  server.release()
  await wait()
  expect(ids(result)).toEqual([4, 5, 6, 7, 8, 9])
  expect(result.current.data?.pageParams).toHaveLength(2)
  server.insert('shop.Product', { name: 'between', stock: 45 })
  server.update('shop.Product', 9, { stock: 35 })
  server.remove('shop.Product', 8)
  await wait()
  expect(ids(result)).toEqual([4, 9, 5, 11, 6, 7, 10])
  for (let page = 0; page < 4; page++) await previous()
  expect(result.current.hasPreviousPage).toBe(false)
  await previous()
  await next({ wait, result })
  expect(ids(result)).toEqual([1, 2, 3, 4, 9, 5, 11, 6, 7, 10])
  expect(result.current).toMatchObject({ hasNextPage: false, isFetchingPreviousPage: false, isLive: true })
})

it('parts a page that has grown, and joins one that is empty', async () => {
  const made = endless()
  const { server, wait, result } = made
  await wait()
  await next(made)
  for (let each = 0; each < 9; each++) server.insert('shop.Product', { name: `n${each}`, stock: each })
  await wait(100)
  expect(ids(result)).toEqual([1, ...ids(result).slice(1, 10), 2, 3, 4, 5, 6])
  expect(new Set(ids(result)).size).toBe(15)
  expect(result.current.data?.pages.length).toBeGreaterThan(2)
  for (const row of server.rows('shop.Product').filter(row => (row.stock as number) < 30))
    server.remove('shop.Product', row.id)
  await wait(100)
  expect(ids(result)).toEqual([4, 5, 6])
  expect(result.current.data?.pages.length).toBeLessThan(3)
})

it('keeps rows and pages as they are where nothing has changed', async () => {
  const { wait, result, server } = endless()
  await wait()
  const { rows, data } = result.current
  server.update('shop.Product', 9, { name: 'elsewhere' })
  await wait()
  expect(result.current.rows).toBe(rows)
  expect(result.current.data).toBe(data)
})

it('begins anew where a cursor is refused', async () => {
  const made = endless()
  const { server, wait, result } = made
  await wait()
  await next(made)
  server.bends.fail = request => {
    const { after } = (request.data ?? {}) as { after?: string }
    return after ? new BindingError('invalid', 'Of another secret.') : null
  }
  await act(async () => void result.current.refetch())
  await wait()
  expect(result.current).toMatchObject({ isError: true, error: { code: 'invalid' } })
  await act(async () => void result.current.refetch())
  await wait()
  expect(ids(result)).toEqual([1, 2, 3])
  expect(result.current).toMatchObject({ isError: false, hasNextPage: true })
})

it('suspends until the first page is there, and not for the next', async () => {
  const { Wrapper, wait } = stage({}, { rows: ROWS })
  let more: () => Promise<void> = async () => undefined
  const List = (): JSX.Element => {
    const { rows, fetchNextPage } = useSuspenseInfiniteSearch('shop.Product', { limit: 4 })
    more = fetchNextPage
    return <p>{rows.length} rows</p>
  }
  render(
    <Wrapper>
      <Suspense fallback="suspended">
        <List />
      </Suspense>
    </Wrapper>,
  )
  expect(screen.getByText('suspended')).toBeInTheDocument()
  await wait()
  expect(screen.getByText('4 rows')).toBeInTheDocument()
  act(() => void more())
  expect(screen.getByText('4 rows')).toBeInTheDocument()
  await wait()
  expect(screen.getByText('8 rows')).toBeInTheDocument()
})

/** One of the things that may happen to a list. */
function happen(server: FakeServer, pick: (below: number) => number): void {
  const rows = server.rows('shop.Product')
  const row = rows[pick(Math.max(rows.length, 1))]
  const kind = pick(4)
  const stock = pick(6) === 0 ? null : pick(12) * 10
  if (kind === 0 || !row) server.insert('shop.Product', { name: `p${pick(4)}`, stock })
  else if (kind === 1) server.remove('shop.Product', row.id)
  else server.update('shop.Product', row.id, { stock, name: `p${pick(4)}` })
}

const ORDERS: (string | string[])[] = ['stock', '-stock', ['name', '-stock'], '-id']

/** One of the things that may happen to a list while one of its pages is on its way: rows enter, leave, and move between pages. */
function happenWhileReading(server: FakeServer, pick: (below: number) => number): void {
  server.commit(() => Array.from({ length: 1 + pick(3) }, () => happen(server, pick)))
}

it.each(['ws', 'http'] as const)(
  'has no doubles and no holes, whatever happens, by %s',
  async transport => {
    const steps = fc.array(choices, { minLength: 1, maxLength: 14, size: 'max' })
    const property = fc.asyncProperty(
      fc.constantFrom(...ORDERS),
      fc.integer({ min: 1, max: 4 }),
      steps,
      async (order, limit, each) => await play(order, limit, each, { transport }),
    )
    await fc.assert(property, { numRuns: transport === 'ws' ? 30 : 15, seed: 1 })
  },
  120_000,
)

async function play(
  order: string | string[],
  limit: number,
  steps: readonly (readonly number[])[],
  options: ClientOptions,
): Promise<void> {
  const { server, wait, result } = endless(order, limit, options)
  const check = (): void => expect(new Set(ids(result)).size, 'doubles').toBe(ids(result).length)
  try {
    await wait()
    for (const step of steps) {
      const pick = chooser(step)
      const kind = pick(20)
      if (kind < 3) act(() => void result.current.fetchNextPage())
      else if (kind < 8) {
        server.hold() // the page, and what is told of the others, are on their way meanwhile
        act(() => void result.current.fetchNextPage())
        if (pick(2)) await wait()
        happenWhileReading(server, pick)
        check()
        server.release()
      } else if (kind < 11) server.close(4503)
      else happenWhileReading(server, pick)
      if (pick(2)) await wait(pick(30))
      check()
    }
    await wait(5_000)
    const shown = ids(result)
    const { rows: all } = server.bind('aside', { rows: server.rows('shop.Product') }).page('list', { order })
    expect(shown).toEqual(all.slice(0, shown.length).map(row => row.id))
    expect(result.current.hasNextPage).toBe(shown.length < all.length)
    expect(result.current.rows).toEqual(all.slice(0, shown.length))
  } finally {
    cleanup()
  }
}

const PLACES = ['stock', '-id'] as const

it('has none in front of a place in the middle either', async () => {
  const steps = fc.array(choices, { minLength: 1, maxLength: 10, size: 'max' })
  const property = fc.asyncProperty(fc.constantFrom(...PLACES), fc.integer({ min: 1, max: 3 }), steps, playBothWays)
  await fc.assert(property, { numRuns: 15, seed: 1 })
}, 120_000)

async function playBothWays(order: string, limit: number, steps: readonly (readonly number[])[]): Promise<void> {
  const { server, client, wait, Wrapper } = stage({}, { rows: ROWS })
  const asked = client.search('shop.Product', { order, limit: 5, after: '' })
  await wait()
  const initialPageParam = (await asked).end ?? ''
  const { result } = renderHook(() => useInfiniteSearch('shop.Product', { order, limit }, { initialPageParam }), {
    wrapper: Wrapper,
  })
  const more = (isBefore: boolean): void =>
    act(() => {
      const { fetchNextPage, fetchPreviousPage } = result.current
      void (isBefore ? fetchPreviousPage() : fetchNextPage()).catch(() => undefined) // the socket was closed meanwhile
    })
  try {
    await wait()
    for (const step of steps) {
      const pick = chooser(step)
      const kind = pick(10)
      if (kind < 5) {
        server.hold()
        more(kind < 3)
        if (pick(2)) await wait()
        happenWhileReading(server, pick)
        server.release()
      } else if (kind < 6) server.close(4503)
      else happenWhileReading(server, pick)
      if (pick(2)) await wait(pick(30))
      expect(new Set(ids(result)).size, 'doubles').toBe(ids(result).length)
    }
    await wait(5_000)
    const shown = ids(result)
    const { rows: all } = server.bind('aside', { rows: server.rows('shop.Product') }).page('list', { order })
    const every = all.map(row => row.id)
    const first = shown.length > 0 ? every.indexOf(shown[0] as number) : 0
    expect(shown).toEqual(every.slice(first, first + shown.length))
    if (shown.length > 0) {
      expect(result.current.hasNextPage).toBe(first + shown.length < every.length)
      if (!result.current.hasPreviousPage) expect(first).toBe(0)
    }
  } finally {
    cleanup()
  }
}
