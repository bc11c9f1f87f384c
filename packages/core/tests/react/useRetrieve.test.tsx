import { useDescribe, useRetrieve, useSearch } from '@channels-binding/core/react'
import { renderHook } from '@testing-library/react'
import { expect, it } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

it('shows one row through its end and its return', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => useRetrieve('shop.Product', 1), { wrapper: Wrapper })
  await wait()
  expect(result.current.data).toMatchObject({ name: 'Apple' })
  server.remove('shop.Product', 1)
  await wait()
  expect(result.current).toMatchObject({ isGone: true, isError: true, data: undefined, error: { code: 'gone' } })
  server.insert('shop.Product', { id: 1, name: 'Apricot' })
  await wait()
  expect(result.current).toMatchObject({ isGone: false, data: { name: 'Apricot' } })
})

it('waits for an id, and for its time', async () => {
  const { server, client, Wrapper, wait } = stage()
  const { result, rerender } = renderHook(
    ({ id }: { id: number | null }) =>
      [useRetrieve('shop.Product', id), useSearch('shop.Product', {}, { enabled: id !== null })] as const,
    { wrapper: Wrapper, initialProps: { id: null as number | null } },
  )
  await wait()
  expect(result.current[0]).toMatchObject({ isPending: true, isFetching: false })
  expect(client.getState().status).toBe('idle')
  rerender({ id: 2 })
  await wait()
  expect(result.current[0].data).toMatchObject({ name: 'Banana' })
  expect(result.current[1].count).toBe(3)
  rerender({ id: null })
  await wait(2_000)
  expect(server.liveReads).toBe(0)
  rerender({ id: 2 })
  await wait()
  server.update('shop.Product', 2, { stock: 0 })
  await wait()
  expect(result.current[0].data).toMatchObject({ stock: 0 })
})

it('describes a stream once', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => [useDescribe('shop.Product'), useDescribe('shop.Product')], { wrapper: Wrapper })
  await wait()
  expect(result.current[0]?.data).toMatchObject({ stream: 'shop.Product' })
  expect(server.requests('describe')).toHaveLength(1)
})

it('narrows a row to some fields, and reads it once where it shall not be live', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => useRetrieve('shop.Product', 2, { fields: ['name'], live: false }), {
    wrapper: Wrapper,
  })
  await wait()
  expect(result.current.data).toEqual({ id: 2, name: 'Banana' })
  expect(server.liveReads).toBe(0)
})

it('describes nothing while it is not wanted', async () => {
  const { server, Wrapper, wait } = stage()
  renderHook(() => useDescribe('shop.Product', { enabled: false }), { wrapper: Wrapper })
  await wait()
  expect(server.requests('describe')).toHaveLength(0)
})
