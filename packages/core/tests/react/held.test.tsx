import { useRetrieve, useSave, useSearch } from '@channels-binding/core/react'
import { act, renderHook } from '@testing-library/react'
import { expect, it } from 'vitest'
import { LiveBridge } from '../../src/react/bridge.js'
import { heldBetween, NOTHING_HELD } from '../../src/react/held.js'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

const names = (list: { rows: readonly { [field: string]: unknown }[] }): unknown[] => list.rows.map(row => row.name)

it('holds changes back, says how many, and shows them when asked to', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => useSearch('shop.Product', { order: 'name' }, { live: 'notify' }), {
    wrapper: Wrapper,
  })
  await wait()
  for (const name of ['Fig', 'Date', 'Elder']) server.insert('shop.Product', { name })
  server.remove('shop.Product', 1)
  server.update('shop.Product', 2, { stock: 1 })
  await wait()
  expect(names(result.current)).toEqual(['Apple', 'Banana', 'Cherry'])
  expect(result.current).toMatchObject({ count: 3, isLive: true, held: { added: 3, changed: 1, removed: 1 } })
  server.close(4500)
  await wait(1_000)
  expect(names(result.current)).toEqual(['Apple', 'Banana', 'Cherry'])
  act(() => result.current.show())
  await wait()
  expect(names(result.current)).toEqual(['Banana', 'Cherry', 'Date', 'Elder', 'Fig'])
  expect(result.current.held).toBe(NOTHING_HELD)
  server.insert('shop.Product', { name: 'Gin' })
  await wait()
  await act(async () => void (await result.current.refetch()))
  expect([result.current.count, result.current.held]).toEqual([6, NOTHING_HELD])
})

it('holds none of one’s own changes back, nor that a row is gone', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(
    () => ({
      list: useSearch('shop.Product', { order: 'name' }, { live: 'notify' }),
      row: useRetrieve('shop.Product', 1, { live: 'notify' }),
      save: useSave('shop.Product'),
    }),
    { wrapper: Wrapper },
  )
  await wait()
  act(() => result.current.save.mutate({ id: 1, name: 'Apfel' }))
  await wait()
  expect(names(result.current.list)).toEqual(['Apfel', 'Banana', 'Cherry'])
  server.update('shop.Product', 1, { name: 'Pomme' })
  await wait()
  expect(result.current.row).toMatchObject({ data: { name: 'Apfel' }, held: { changed: 1 } })
  server.remove('shop.Product', 1)
  await wait()
  expect(result.current.row).toMatchObject({ isGone: true, data: undefined })
})

it('shows what is held back with a write of one’s own, and what came after it not because that write has settled', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(
    () => ({
      list: useSearch('shop.Product', { order: 'name' }, { live: 'notify' }),
      save: useSave('shop.Product'),
    }),
    { wrapper: Wrapper },
  )
  await wait()
  act(() => result.current.save.mutate({ id: 1, name: 'Apfel' }))
  await wait()
  server.insert('shop.Product', { name: 'Date' })
  await wait(5_000)
  expect(names(result.current.list)).toEqual(['Apfel', 'Banana', 'Cherry'])
  expect(result.current.list.held).toMatchObject({ added: 1 })
})

it('keeps a change of one’s own that was made, where the server’s word of it came later and is held back', async () => {
  const { server, client, queryClient, Wrapper, wait } = stage()
  const { result } = renderHook(() => useSearch('shop.Product', { order: 'name' }, { live: 'notify' }), {
    wrapper: Wrapper,
  })
  await wait()
  const bridge = LiveBridge.of(client, queryClient)
  const settle = [
    bridge.overlay({ stream: 'shop.Product', id: 1, values: {}, fate: 'deleted' }),
    bridge.overlay({ stream: 'shop.Product', id: 2, values: { name: 'Banane' } }),
  ]
  server.remove('shop.Product', 1)
  server.insert('shop.Product', { name: 'Date' })
  await wait()
  act(() => {
    for (const settled of settle) settled(true)
  })
  await wait()
  expect(names(result.current)).toEqual(['Banane', 'Cherry'])
  expect(result.current.held).toMatchObject({ added: 1, removed: 0 })
})

it('asks again when something has changed, if that is wanted', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => useSearch('shop.Product', {}, { live: 'refetch' }), { wrapper: Wrapper })
  await wait()
  const before = server.requests('search').length
  server.update('shop.Product', 1, { name: 'Pear' })
  await wait()
  expect(names(result.current)).toContain('Pear')
  expect(server.requests('search').length).toBe(before + 1)
  await wait(60_000)
  expect(server.requests('search').length).toBe(before + 1)
})

it('shares nothing between modes, and one read on the server among them', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(
    () => ([true, 'notify', false] as const).map(live => useSearch('shop.Product', {}, { live })),
    { wrapper: Wrapper },
  )
  await wait()
  server.insert('shop.Product', { name: 'Date' })
  await wait()
  expect(result.current.map(({ count }) => count)).toEqual([4, 3, 3])
  expect(server.liveReads).toBe(1)
})

it('is the same object until something else is held back', () => {
  const [one, two] = [{ id: 1 }, { id: 2 }]
  const held = heldBetween({ rows: [one] }, { rows: [two, one] }, NOTHING_HELD)
  expect(held).toEqual({ added: 1, changed: 0, removed: 0 })
  expect(heldBetween({ rows: [one] }, { rows: [one, two] }, held)).toBe(held)
  expect(heldBetween(one, { id: 1 }, held)).toEqual({ added: 0, changed: 1, removed: 0 })
})
