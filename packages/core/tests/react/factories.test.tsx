import {
  deleteOptions,
  describeOptions,
  formOptions,
  listOptions,
  queryKeys,
  retrieveOptions,
  saveOptions,
  searchOptions,
  useSearch,
} from '@channels-binding/core/react'
import { CancelledError, dehydrate, hydrate, QueryClient, useMutation, useQuery } from '@tanstack/react-query'
import { act, renderHook } from '@testing-library/react'
import { expect, it } from 'vitest'
import { fakeClock, settle } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

it('reads before a page is shown, and the hooks go on from there', async () => {
  const { server, client, queryClient, Wrapper, wait } = stage()
  const loaded = queryClient.ensureQueryData(searchOptions(client, 'shop.Product', { order: 'name' }))
  await settle()
  expect((await loaded).count).toBe(3)
  const { result } = renderHook(() => useSearch('shop.Product', { order: 'name' }), { wrapper: Wrapper })
  expect(result.current).toMatchObject({ isPending: false, count: 3 })
  server.insert('shop.Product', { name: 'Date' })
  await wait()
  expect(result.current).toMatchObject({ count: 4, isLive: true })
  expect(server.requests('search')).toHaveLength(1)
})

it('stays live in what an application makes of it', async () => {
  const { server, client, queryClient, Wrapper, wait } = stage(
    {},
    { fields: [{ name: 'name', type: 'CharField', widget: 'TextInput', label: 'Name' }] },
  )
  const { result } = renderHook(
    () => ({
      names: useQuery({ ...listOptions(client, 'shop.Product'), select: page => page.rows.map(row => row.name) }),
      row: useQuery(retrieveOptions(client, 'shop.Product', 1)),
      once: useQuery(retrieveOptions(client, 'shop.Product', 1, { live: false, fields: ['name'] })),
      describe: useQuery(describeOptions(client, 'shop.Product')),
      form: useQuery(formOptions(client, 'shop.Product', 1)),
      save: useMutation(saveOptions(client, 'shop.Product')),
      remove: useMutation(deleteOptions(client, 'shop.Product')),
    }),
    { wrapper: Wrapper },
  )
  await wait()
  expect(result.current.form.data?.fields).toHaveLength(1)
  expect(result.current.describe.data?.stream).toBe('shop.Product')
  act(() => {
    result.current.save.mutate({ id: 1, name: 'Pear' })
    result.current.remove.mutate(3)
  })
  await wait()
  expect(result.current).toMatchObject({ names: { data: ['Pear', 'Banana'] }, row: { data: { name: 'Pear' } } })
  expect(result.current.once.data).toEqual({ id: 1, name: 'Apple' })
  await act(() => queryClient.invalidateQueries({ queryKey: queryKeys.of('shop.Product') }))
  await wait()
  expect(result.current.once.data).toEqual({ id: 1, name: 'Pear' })
  expect(server.liveReads).toBe(2)
  expect(queryClient.getQueryData(queryKeys.call('shop.Product', 'describe', {}))).toBeDefined()
})

it('takes over what a server has read', async () => {
  const { client, queryClient } = stage()
  void queryClient.prefetchQuery(searchOptions(client, 'shop.Product'))
  await settle()
  const text = JSON.stringify(dehydrate(queryClient))
  const page = stage()
  hydrate(page.queryClient, JSON.parse(text))
  const { result } = renderHook(() => useSearch('shop.Product'), { wrapper: page.Wrapper })
  expect(result.current).toMatchObject({ isPending: false, count: 3 })
  await page.wait()
  page.server.remove('shop.Product', 1)
  await page.wait()
  expect(result.current).toMatchObject({ count: 2, isLive: true })
})

it('gives up what nobody waits for any more', async () => {
  const { server, client, queryClient } = stage()
  server.hold()
  const [once, live] = [
    searchOptions(client, 'shop.Product', {}, { live: false }),
    searchOptions(client, 'shop.Product'),
  ]
  const results = [once, live].map(options => queryClient.fetchQuery(options).catch((error: unknown) => error))
  await settle()
  await queryClient.cancelQueries({ queryKey: queryKeys.all })
  await settle()
  for (const result of results) expect(await result).toBeInstanceOf(CancelledError)
  server.release()
  await settle(5_000)
  expect(queryClient.getQueryData(once.queryKey)).toBeUndefined()
  expect(server.liveReads).toBe(0)
})

it('ends with its provider', async () => {
  const { server, queryClient, Wrapper, wait } = stage()
  const { unmount } = renderHook(() => useSearch('shop.Product'), { wrapper: Wrapper })
  await wait()
  const cache = queryClient.getQueryCache() as unknown as { listeners: Set<unknown> }
  expect(cache.listeners.size).toBe(1)
  unmount()
  expect(cache.listeners.size).toBe(0)
  await wait(5_000)
  expect(server.liveReads).toBe(0)
  const other = new QueryClient()
  expect(other.getQueryCache()).toBeDefined()
})
