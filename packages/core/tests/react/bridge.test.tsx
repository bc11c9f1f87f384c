import { BindingError } from '@channels-binding/core'
import {
  LiveBridge,
  useBind,
  useDescribe,
  useForm,
  useList,
  useRetrieve,
  useSave,
  useSearch,
} from '@channels-binding/core/react'
import type { FakeServer } from '@channels-binding/core/testing'
import { notifyManager, QueryClient } from '@tanstack/react-query'
import { act, render, renderHook, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { fakeClock, world } from '../helpers.js'
import { List, stage } from './stage.js'

fakeClock()

it('lets go of the read a while after the last component left', async () => {
  const { server, Wrapper, wait } = stage()
  const view = render(<List />, { wrapper: Wrapper })
  await wait()
  view.unmount()
  await wait(1_000)
  expect(server.liveReads).toBe(1)
  await wait(1_000)
  expect(server.liveReads).toBe(0)
})

it('takes the read up again when a component comes back within the grace period', async () => {
  const { server, Wrapper, wait } = stage()
  const view = render(<List />, { wrapper: Wrapper })
  await wait()
  view.rerender(<i />)
  await wait(1_000)
  server.update('shop.Product', 1, { stock: 5 })
  view.rerender(<List />)
  await wait(5_000)
  expect(screen.getByText('Apple:5 Banana:20 Cherry:30 of 3')).toBeInTheDocument()
  expect(server.requests('search')).toHaveLength(1)
  expect(server.liveReads).toBe(1)
})

it('shows what it knew and asks again when a component comes back later', async () => {
  const { server, Wrapper, wait } = stage()
  const view = render(<List />, { wrapper: Wrapper })
  await wait()
  view.rerender(<i />)
  await wait(5_000)
  server.update('shop.Product', 1, { stock: 5 })
  view.rerender(<List />)
  expect(screen.getByText('Apple:10 Banana:20 Cherry:30 of 3')).toBeInTheDocument()
  await wait()
  expect(screen.getByText('Apple:5 Banana:20 Cherry:30 of 3')).toBeInTheDocument()
  server.update('shop.Product', 1, { stock: 6 })
  await wait()
  expect(screen.getByText('Apple:6 Banana:20 Cherry:30 of 3')).toBeInTheDocument()
})

it('recovers by itself from an error that passes', async () => {
  const { server, Wrapper, wait } = stage()
  server.bends.fail = () => new BindingError('unavailable', 'Busy.')
  const { result } = renderHook(() => useSearch('shop.Product'), { wrapper: Wrapper })
  await wait()
  expect(result.current.isError).toBe(true)
  server.bends.fail = null
  await wait(30_000)
  expect(result.current).toMatchObject({ isSuccess: true, count: 3 })
})

it('takes away what may no longer be read', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => useSearch('shop.Product'), { wrapper: Wrapper })
  await wait()
  server.withdraw('shop.Product')
  await wait()
  expect(result.current).toMatchObject({ isError: true, data: undefined, rows: [], error: { code: 'forbidden' } })
})

it('tells the components of all changes of a commit at once', async () => {
  const { server, Wrapper, wait } = stage()
  renderHook(() => [useSearch('shop.Product', { limit: 1 }).rows, useRetrieve('shop.Product', 1).data], {
    wrapper: Wrapper,
  })
  await wait()
  const flush = vi.fn((callback: () => void) => setTimeout(callback, 0))
  notifyManager.setScheduler(flush)
  server.update('shop.Product', 1, { stock: 11 })
  await wait()
  notifyManager.setScheduler(callback => setTimeout(callback, 0))
  expect(flush).toHaveBeenCalledOnce()
})

it('is one for a client and a cache, and another for another cache', () => {
  const { client } = world()
  const cache = new QueryClient()
  expect(LiveBridge.of(client, cache)).toBe(LiveBridge.of(client, cache))
  expect(LiveBridge.of(client, new QueryClient())).not.toBe(LiveBridge.of(client, cache))
})

it('draws a pending change over every read of its stream, and takes it back', async () => {
  const { client, Wrapper, wait, queryClient } = stage()
  const { result } = renderHook(() => [useRetrieve('shop.Product', 1), useRetrieve('shop.Product', 2)] as const, {
    wrapper: Wrapper,
  })
  await wait()
  const takeBack = LiveBridge.of(client, queryClient).overlay({ stream: 'shop.Product', id: 1, values: { stock: 0 } })
  await wait()
  expect(result.current.map(({ data }) => data?.stock)).toEqual([0, 20])
  takeBack()
  await wait()
  expect(result.current.map(({ data }) => data?.stock)).toEqual([10, 20])
})

it('shows the end of a row once, and lets go when the cache does', async () => {
  const { server, Wrapper, wait, queryClient } = stage()
  const { result, unmount } = renderHook(() => useRetrieve('shop.Product', 1), { wrapper: Wrapper })
  await wait()
  server.remove('shop.Product', 1)
  await wait()
  const { error } = result.current
  expect(error).toMatchObject({ code: 'gone' })
  act(() => void result.current.refetch())
  await wait()
  expect(result.current.error).toMatchObject({ code: 'gone' })
  queryClient.clear()
  unmount()
  await wait(5_000)
  expect(server.liveReads).toBe(0)
})

it('shows a visitor who is signed out that they are, and everything once they have signed in', async () => {
  const { server, client, Wrapper, wait } = stage()
  server.bends.signedOut = true
  const { result } = renderHook(() => [useSearch('shop.Product'), useDescribe('shop.Product')] as const, {
    wrapper: Wrapper,
  })
  await wait()
  for (const read of result.current)
    expect(read).toMatchObject({ isPending: false, error: { code: 'unauthenticated', status: 401 } })
  await wait(120_000)
  expect(client.getState()).toMatchObject({ status: 'unauthorized', nextRetryAt: null, user: null })
  server.bends.signedOut = false
  act(() => client.reconnect())
  await wait()
  const [list, description] = result.current
  expect(list).toMatchObject({ error: null, count: 3, isLive: true })
  expect(description).toMatchObject({ error: null, data: { stream: 'shop.Product' } })
})

it('is told in every hook that nobody is signed in, also while it is open, and goes on after that', async () => {
  const { server, client, Wrapper, wait } = stage(
    {},
    { fields: [{ name: 'name', type: 'CharField', widget: 'TextInput', label: 'Name' }] },
  )
  server.handle('game.life.status', () => ({ life: 1 }))
  const useAll = () => ({
    search: useSearch('shop.Product'),
    list: useList('shop.Product'),
    row: useRetrieve('shop.Product', 1),
    describe: useDescribe('shop.Product'),
    form: useForm('shop.Product', { id: 1 }),
    bind: useBind('game.life.status'),
    save: useSave('shop.Product'),
  })
  const { result } = renderHook(useAll, { wrapper: Wrapper })
  await wait()
  for (const code of [4401, 4403]) {
    server.bends.signedOut = true
    server.close(code)
    await wait()
    act(() => void result.current.save.submit({ id: 1, stock: 5 }).catch(() => undefined))
    await wait()
    const wanted = code === 4401 ? 'unauthenticated' : 'forbidden'
    for (const name of ['search', 'list', 'row', 'save'] as const)
      expect(result.current[name].error?.code, name).toBe(wanted)
    server.bends.signedOut = false
    act(() => client.reconnect())
    await wait(600)
    const { save: _save, ...reads } = result.current
    for (const [name, read] of Object.entries(reads)) expect(read.error, name).toBeNull()
    expect(result.current.search.count).toBe(3)
  }
})

it.each([
  ['the server says so', (server: FakeServer) => server.system('cb.user', { user: '1' })],
  ['the connection is a new one', (server: FakeServer) => server.close(4500)],
  ['something is forbidden', (server: FakeServer) => server.withdraw('shop.Product')],
])('asks again what one may do when %s', async (_, happen) => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => [useDescribe('shop.Product'), useSearch('shop.Product')] as const, {
    wrapper: Wrapper,
  })
  await wait()
  expect(result.current[0].data?.can.create).toBe(true)
  server.describe('shop.Product', { can: { create: false, update: false, delete: false } })
  happen(server)
  await wait(1_000)
  expect(result.current[0].data?.can.create).toBe(false)
})

it('forgets who it was when they have signed out, and shows it again when they come back', async () => {
  const { server, client, Wrapper, wait } = stage()
  const { result } = renderHook(() => useSearch('shop.Product'), { wrapper: Wrapper })
  await wait()
  server.bends.signedOut = true
  server.close(4401, 'signed out')
  await wait()
  expect(result.current).toMatchObject({ rows: [], data: undefined, error: { code: 'unauthenticated' } })
  expect(client.getState().user).toBeNull()
  server.bends.signedOut = false
  act(() => client.reconnect())
  await wait()
  expect(result.current).toMatchObject({ error: null, count: 3, isLive: true })
})
