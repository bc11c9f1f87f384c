import { useList, useRetrieve, useSearch } from '@channels-binding/core/react'
import { act, renderHook } from '@testing-library/react'
import type { JSX } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { fakeClock, settle } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

it('says when it is not live for the moment', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => useList('shop.Product'), { wrapper: Wrapper })
  await wait()
  server.close(4500)
  await wait()
  expect(result.current).toMatchObject({ isLive: false, isSuccess: true, count: 3 })
  await wait(250)
  expect(result.current.isLive).toBe(true)
})

it('reads once when it shall not be live', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => useSearch('shop.Product', {}, { live: false }), { wrapper: Wrapper })
  await wait()
  expect(result.current).toMatchObject({ count: 3, isLive: false })
  expect(server.liveReads).toBe(0)
  expect(server.requests('search')).toHaveLength(1)
})

it('says with the hooks of one row too whether it is live, gone and fetching, and fetches again', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => useRetrieve('shop.Product', 1), { wrapper: Wrapper })
  expect(result.current).toMatchObject({ isLive: false, isGone: false, fetching: true })
  await wait()
  expect(result.current).toMatchObject({ isLive: true, isGone: false, fetching: false })
  await act(async () => {
    void result.current.refresh()
    await settle(10)
  })
  expect(server.requests('retrieve')).toHaveLength(2)
  server.remove('shop.Product', 1)
  await wait()
  expect(result.current).toMatchObject({ isGone: true })
})

it('asks once for params that are equal in value, and again for others', async () => {
  const { server, Wrapper, wait } = stage()
  const { rerender } = renderHook(({ query }) => useSearch('shop.Product', { query, filters: {} }), {
    wrapper: Wrapper,
    initialProps: { query: 'an' },
  })
  await wait()
  rerender({ query: 'an' })
  await wait()
  expect(server.requests('search')).toHaveLength(1)
  rerender({ query: 'b' })
  await wait()
  expect(server.requests('search').map(({ data }) => (data as { query: string }).query)).toEqual(['an', 'b'])
})

it('is not live on a server', () => {
  const { Wrapper } = stage()
  const Live = (): JSX.Element => <p>{String(useSearch('shop.Product').isLive)}</p>
  const html = renderToString(
    <Wrapper>
      <Live />
    </Wrapper>,
  )
  expect(html).toContain('false')
})
