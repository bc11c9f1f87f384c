import { BindingError, type LiveState } from '@channels-binding/core'
import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { choices, chooser, fakeClock, settle, world } from './helpers.js'

fakeClock()

const names = (state: LiveState<unknown>): unknown =>
  (state.data as { rows: { name: string }[] } | undefined)?.rows.map(row => row.name)

it('shows what the server would answer now', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'search', { order: '-stock', limit: 2 })
  expect(read.getSnapshot()).toMatchObject({ status: 'pending', data: undefined, error: null, isLive: false })
  await settle()
  expect(read.getSnapshot()).toMatchObject({ status: 'success', isLive: true })
  expect(names(read.getSnapshot())).toEqual(['Cherry', 'Banana'])
  server.update('shop.Product', 1, { stock: 99 })
  await settle()
  expect(names(read.getSnapshot())).toEqual(['Apple', 'Cherry'])
  server.remove('shop.Product', 3)
  await settle()
  expect(names(read.getSnapshot())).toEqual(['Apple', 'Banana'])
  expect(read.getSnapshot().data?.count).toBe(2)
  expect(client.stats.divergences).toBe(0)
})

it('keeps one row live, through its end and its return', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'retrieve', { id: 1 })
  await settle()
  server.update('shop.Product', 1, { stock: 11 })
  await settle()
  expect(read.getSnapshot()).toMatchObject({ status: 'success', data: { id: 1, stock: 11 } })
  server.remove('shop.Product', 1)
  await settle()
  expect(read.getSnapshot()).toMatchObject({ status: 'gone', data: undefined, v: null })
  server.insert('shop.Product', { id: 1, name: 'Apple again', stock: 1 })
  await settle()
  expect(read.getSnapshot()).toMatchObject({ status: 'success', data: { name: 'Apple again' } })
  expect(client.stats.divergences).toBe(0)
})

it('is gone when the row went while the connection was away, and stays so', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'retrieve', { id: 1 })
  await settle()
  server.close(4500)
  server.remove('shop.Product', 1)
  await settle(250)
  expect(read.getSnapshot()).toMatchObject({ status: 'gone', data: undefined })
  server.close(4500)
  await settle(500)
  expect(read.getSnapshot().status).toBe('gone')
})

it('fails for a row that was never there', async () => {
  const { client } = world()
  const read = client.live('shop.Product', 'retrieve', { id: 99 })
  await settle()
  expect(read.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'not_found' } })
})

it('asks the server once for equal reads, whatever the order of their parameters', async () => {
  const { client, server } = world()
  const first = client.live('shop.Product', 'search', { limit: 2, order: 'name' })
  const second = client.live('shop.Product', 'search', { order: 'name', limit: 2 })
  const third = client.live('shop.Product', 'search', { order: 'name', limit: 1 })
  await settle()
  expect(server.requests('search')).toHaveLength(2)
  expect(first.getSnapshot()).toBe(second.getSnapshot())
  expect(names(third.getSnapshot())).toEqual(['Apple'])
})

it('gives a read up a while after its last observer left, and not before', async () => {
  const { client, server } = world()
  const first = client.live('shop.Product', 'search', {})
  const second = client.live('shop.Product', 'search', {})
  await settle()
  first.unsubscribe()
  first.unsubscribe()
  await settle(10_000)
  expect(server.liveReads).toBe(1)
  second.unsubscribe()
  await settle(1_499)
  const third = client.live('shop.Product', 'search', {})
  await settle(10_000)
  expect(server.liveReads).toBe(1)
  expect(server.requests('search')).toHaveLength(1)
  third.unsubscribe()
  await settle(1_500)
  expect(server.liveReads).toBe(0)
  expect(client.liveReads).toBe(0)
  expect(server.requests('unsubscribe').map(request => request.event)).toEqual(['shop.Product.unsubscribe#h1'])
})

it('takes everything up again after a reconnect, with what it has, in one frame', async () => {
  const { client, server } = world()
  const list = client.live('shop.Product', 'search', { order: 'name' })
  const row = client.live('shop.Product', 'retrieve', { id: 2 })
  await settle()
  const [apple] = list.getSnapshot().data?.rows ?? []
  server.close(4500)
  await settle()
  expect(list.getSnapshot()).toMatchObject({ status: 'success', isLive: false })
  server.update('shop.Product', 2, { stock: 21 })
  const frames = server.frames.length
  await settle(250)
  const [frame] = server.frames.slice(frames)
  expect(JSON.parse(frame ?? '').slice(0, 2)).toMatchObject([
    {
      event: 'shop.Product.search#h1',
      have: {
        v: expect.any(String),
        rows: [
          [1, expect.any(String)],
          [2, expect.any(String)],
          [3, expect.any(String)],
        ],
      },
    },
    { event: 'shop.Product.retrieve#h2', have: { v: expect.any(String) } },
  ])
  expect(list.getSnapshot()).toMatchObject({
    isLive: true,
    data: { rows: [{ id: 1 }, { id: 2, stock: 21 }, { id: 3 }] },
  })
  expect(list.getSnapshot().data?.rows[0]).toBe(apple)
  expect(row.getSnapshot()).toMatchObject({ isLive: true, data: { stock: 21 } })
  expect(client.stats.divergences).toBe(0)
})

it('says nothing when nothing happened while it was away', async () => {
  const { client, server, arrived } = world()
  const told: LiveState[] = []
  const read = client.live('shop.Product', 'search', {}, state => told.push(state))
  await settle()
  const { data } = read.getSnapshot()
  server.close(4500)
  await settle(250)
  expect(arrived.at(-2)).toMatchObject({ type: 'same' })
  expect(read.getSnapshot().data).toBe(data)
  expect(told.map(state => state.isLive)).toEqual([true, false, true])
})

it('asks again with what it has when a diff does not fit, and counts it', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'search', {})
  await settle()
  server.bends.wrongVersion = 1
  server.update('shop.Product', 1, { stock: 99 })
  await settle()
  expect(client.stats.divergences).toBe(1)
  expect(server.requests('search').at(-1)).toHaveProperty('have')
  expect(read.getSnapshot()).toMatchObject({ isLive: true, data: { rows: [{ stock: 99 }, {}, {}] } })
})

it('finds a diff that was lost on the way', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'search', {})
  await settle()
  server.bends.drop = 1
  server.update('shop.Product', 1, { stock: 98 })
  server.update('shop.Product', 1, { stock: 99 })
  await settle()
  expect(client.stats.divergences).toBe(1)
  expect(read.getSnapshot()).toMatchObject({ data: { rows: [{ stock: 99 }, {}, {}] } })
})

it('takes messages that come twice', async () => {
  const { client, server } = world()
  server.bends.duplicate = true
  const read = client.live('shop.Product', 'search', { order: '-stock', limit: 2 })
  await settle()
  server.update('shop.Product', 1, { stock: 25 })
  server.update('shop.Product', 2, { stock: 26 })
  await settle()
  expect(names(read.getSnapshot())).toEqual(['Cherry', 'Banana'])
  expect(client.stats.divergences).toBe(0)
})

it('tells observers once a frame, so that nobody sees half a commit', async () => {
  const { client, server } = world()
  const seen: unknown[] = []
  const look = (): void => {
    seen.push([list.getSnapshot().data?.rows[0], row.getSnapshot().data])
  }
  const list = client.live('shop.Product', 'search', { limit: 1 }, look)
  const row = client.live('shop.Product', 'retrieve', { id: 1 }, look)
  await settle()
  seen.length = 0
  server.update('shop.Product', 1, { stock: 50 })
  await settle()
  expect(seen).toHaveLength(2)
  for (const [inList, alone] of seen as [unknown, unknown][]) expect(inList).toEqual(alone)
})

it('has the changes before the reply of the write that caused them', async () => {
  const { client } = world()
  const read = client.live('shop.Product', 'retrieve', { id: 1 })
  await settle()
  await client.save('shop.Product', { id: 1, stock: 77 })
  expect(read.getSnapshot().data?.stock).toBe(77)
})

it('fails with what the server says, and asks again when told to', async () => {
  const { client, server } = world()
  server.bends.fail = request =>
    request.event.startsWith('shop.Product.search') ? new BindingError('forbidden', 'No.') : null
  const read = client.live('shop.Product', 'search', {})
  await settle(60_000)
  expect(read.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'forbidden' }, isLive: false })
  expect(server.requests('search')).toHaveLength(1)
  server.bends.fail = null
  await expect(read.refresh()).resolves.toMatchObject({ status: 'success' })
  expect(read.getSnapshot().error).toBeNull()
})

it('tries again by itself what may succeed later', async () => {
  const { client, server } = world()
  server.bends.fail = () => ({ code: 'throttled', message: 'Slowly.', retry: true, retry_after: 5 })
  const read = client.live('shop.Product', 'search', {})
  await settle()
  expect(read.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'throttled' } })
  server.bends.fail = null
  await settle(4_999)
  expect(server.requests('search')).toHaveLength(1)
  await settle(1)
  expect(read.getSnapshot()).toMatchObject({ status: 'success', error: null })
})

it('keeps what it shows through an error that passes', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'search', {})
  await settle()
  server.bends.fail = () => ({ code: 'unavailable', message: 'Busy.', retry: true })
  await expect(read.refresh()).rejects.toMatchObject({ code: 'unavailable' })
  expect(read.getSnapshot()).toMatchObject({ status: 'success', isLive: false, data: { count: 3 } })
  server.bends.fail = null
  await settle(30_000)
  expect(read.getSnapshot().isLive).toBe(true)
})

it('shows nothing more of what may no longer be read', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'search', {})
  await settle()
  server.withdraw('shop.Product')
  await settle()
  expect(read.getSnapshot()).toMatchObject({ status: 'error', data: undefined, error: { code: 'forbidden' } })
})

it('fails when no answer comes in time, and succeeds when one can', async () => {
  const { client, server } = world()
  server.bends.refuse = 5
  const read = client.live('shop.Product', 'search', {})
  const fresh = expect(read.refresh()).rejects.toMatchObject({ code: 'timeout' })
  server.bends.refuse = 100
  await settle(15_000)
  await fresh
  expect(read.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'timeout' } })
  server.bends.refuse = 0
  await settle(10_000)
  expect(read.getSnapshot()).toMatchObject({ status: 'success', isLive: true })
})

it('asks again when an answer was lost', async () => {
  const { client, server } = world()
  client.connect()
  await settle()
  server.bends.drop = 1
  const read = client.live('shop.Product', 'search', {})
  await settle(15_000 + 1_000)
  expect(read.getSnapshot().status).toBe('success')
})

it('fails at once while the user is refused, and recovers after a login', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'search', {})
  await settle()
  server.close(4401)
  await settle()
  expect(read.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'unauthenticated' }, data: undefined })
  const late = client.live('shop.Product', 'list', {})
  expect(late.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'unauthenticated' } })
  await expect(late.refresh()).rejects.toMatchObject({ code: 'unauthenticated' })
  client.reconnect()
  await settle()
  expect(read.getSnapshot().status).toBe('success')
  expect(late.getSnapshot().status).toBe('success')
})

it('keeps rows that did not change, and their identity, through everything', async () => {
  const { client, server } = world()
  const read = client.live('shop.Product', 'list', {})
  await settle()
  const [, banana] = read.getSnapshot().data?.rows ?? []
  server.update('shop.Product', 1, { stock: 0 })
  server.remove('shop.Product', 3)
  server.close(4500)
  await settle(250)
  expect(read.getSnapshot().data?.rows[1]).toBe(banana)
})

it('ends up with the right list whatever happens, and never diverges on a good link', async () => {
  const queries = [
    { order: '-stock' as const, limit: 5 },
    { order: ['name', '-id'], limit: 4, page: 2 },
    { query: 'a', limit: 10 },
  ]
  const play = async (steps: readonly (readonly number[])[]): Promise<void> => {
    const { client, server } = world()
    const reads = queries.map(params => client.live('shop.Product', 'search', params))
    await settle()
    for (const step of steps) {
      const pick = chooser(step)
      const rows = server.rows('shop.Product')
      server.commit(() => {
        const kind = pick(10)
        const id = rows[pick(Math.max(rows.length, 1))]?.id ?? 1
        if (kind < 3 || rows.length < 4) server.insert('shop.Product', { name: `abc ${pick(9)}`, stock: pick(20) })
        else if (kind < 5) server.remove('shop.Product', id)
        else server.update('shop.Product', id, { stock: pick(20), name: pick(2) ? 'zzz' : `aaa ${pick(9)}` })
        if (kind === 9) server.insert('shop.Product', { name: 'second', stock: pick(20) })
      })
      if (pick(20) === 19) server.close(4500)
      await settle(pick(3) ? 0 : 5_500)
    }
    await settle(20_000)
    for (const [index, read] of reads.entries()) {
      const { rows, count } = await client.search('shop.Product', queries[index] as { limit: number })
      expect(read.getSnapshot().data?.rows).toEqual(rows)
      expect(read.getSnapshot().data?.count).toBe(count)
    }
    expect(client.stats.divergences).toBe(0)
  }
  const steps = fc.array(choices, { minLength: 1, maxLength: 40, size: 'max' })
  await fc.assert(fc.asyncProperty(steps, play), { numRuns: 40, seed: 20261122 })
}, 60_000)

it('never throws out of an observer', async () => {
  const { client, server } = world()
  const report = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  client.live('shop.Product', 'search', {}, () => {
    throw new Error('mine')
  })
  const other = client.live('shop.Product', 'list', {})
  await settle()
  server.update('shop.Product', 1, { stock: 0 })
  await settle()
  expect(other.getSnapshot().data?.rows[0]).toMatchObject({ stock: 0 })
  expect(report).toHaveBeenCalled()
  report.mockRestore()
})

it('ends a row that was deleted, as servers say it that only know {event, data}', async () => {
  const { client, server } = world({ subprotocol: null })
  const [first, second] = [1, 2].map(id => client.live('shop.Product', 'retrieve', { id }))
  const list = client.live('shop.Product', 'list', {})
  await settle()
  server.remove('shop.Product', 1)
  await settle()
  expect(first?.getSnapshot()).toMatchObject({ status: 'gone', data: undefined })
  expect(second?.getSnapshot()).toMatchObject({ status: 'success', data: { name: 'Banana' } })
  expect(list.getSnapshot().data).toMatchObject({ count: 2 })
})

it('hands the changes of one frame to whoever batches them', async () => {
  const { client, server } = world()
  const batches: number[] = []
  const seen = vi.fn()
  client.setNotifyBatch(callback => {
    seen.mockClear()
    callback()
    batches.push(seen.mock.calls.length)
  })
  client.live('shop.Product', 'retrieve', { id: 1 }, seen)
  client.live('shop.Product', 'list', {}, seen)
  await settle()
  batches.length = 0
  server.update('shop.Product', 1, { stock: 11 })
  await settle()
  expect(batches).toEqual([2])
})

it('asks again, once it has said who this is, for what was refused because it had not', async () => {
  const { client, server } = world()
  server.users = { 'tok-ann': 'ann' }
  const read = client.live('shop.Product', 'search', {})
  await settle()
  expect(read.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'unauthenticated' } })
  await client.auth('tok-ann')
  await settle()
  expect(read.getSnapshot()).toMatchObject({ status: 'success', isLive: true })
  expect(server.requests('search')).toHaveLength(2)
})

it('does not ask over and over where it is told to wait for no time at all', async () => {
  const { client, server } = world()
  server.bends.fail = () => new BindingError('throttled', 'Slowly.', { retry_after: 0 })
  const read = client.live('shop.Product', 'list', {})
  await settle(60_000)
  expect(server.requests('list').length).toBeLessThan(40)
  read.unsubscribe()
})
