import { BindingError } from '@channels-binding/core'
import { useList, useSearch, useSuspenseSearch } from '@channels-binding/core/react'
import { act, render, renderHook, screen } from '@testing-library/react'
import { Component, type JSX, type ReactNode, Suspense } from 'react'
import { expect, it, vi } from 'vitest'
import { fakeClock, settle } from '../helpers.js'
import { List, stage } from './stage.js'

fakeClock()

it('asks the server once for two components under StrictMode, and follows what others do', async () => {
  const { server, Wrapper, wait } = stage()
  render(
    <Wrapper>
      <List />
      <List />
    </Wrapper>,
  )
  expect(screen.getAllByText('wait of 0')).toHaveLength(2)
  await wait()
  expect(server.requests('search')).toHaveLength(1)
  expect(screen.getAllByText('Apple:10 Banana:20 Cherry:30 of 3')).toHaveLength(2)
  server.update('shop.Product', 1, { stock: 77 })
  await wait()
  expect(screen.getAllByText('Apple:77 Banana:20 Cherry:30 of 3')).toHaveLength(2)
  expect(server.requests('search')).toHaveLength(1)
})

it('shows the old rows until the new ones are there', async () => {
  const { server, Wrapper, wait } = stage()
  const view = render(<List />, { wrapper: Wrapper })
  await wait()
  view.rerender(<List query="an" />)
  expect(screen.getByText('Apple:10 Banana:20 Cherry:30 of 3')).toBeInTheDocument()
  await wait()
  expect(screen.getByText('Banana:20 of 1')).toBeInTheDocument()
  await wait(2_000)
  expect(server.liveReads).toBe(1)
})

it('returns what TanStack Query returns, and more', async () => {
  const { server, Wrapper, wait } = stage()
  const { result, rerender } = renderHook(() => useSearch('shop.Product', {}), { wrapper: Wrapper })
  expect(result.current).toMatchObject({ status: 'pending', data: undefined, count: 0, isLive: false, fetching: true })
  const empty = result.current.rows
  rerender()
  expect(result.current.rows).toBe(empty)
  await wait()
  expect(result.current).toMatchObject({ status: 'success', isFetching: false, isLive: true, isGone: false, count: 3 })
  expect('rows' in result.current && 'data' in result.current).toBe(true)
  expect(result.current.data?.rows).toBe(result.current.rows)
  await act(async () => {
    void result.current.refresh()
    await settle(10)
  })
  expect(server.requests('search')).toHaveLength(2)
  expect(server.requests('search')[1]).toHaveProperty('have')
})

it('shows an error, and recovers', async () => {
  const { server, Wrapper, wait } = stage()
  server.bends.fail = () => new BindingError('forbidden', 'Not yours.')
  const { result } = renderHook(() => useSearch('shop.Product'), { wrapper: Wrapper })
  await wait()
  expect(result.current).toMatchObject({ isError: true, error: { code: 'forbidden', message: 'Not yours.' }, rows: [] })
  server.bends.fail = null
  await act(async () => {
    void result.current.refetch()
    await settle(10)
  })
  expect(result.current).toMatchObject({ isError: false, error: null, count: 3, isLive: true })
})

it('suspends until the first answer, and asks once', async () => {
  const { server, Wrapper, wait } = stage()
  const Suspending = (): JSX.Element => <p>{useSuspenseSearch('shop.Product', { limit: 2 }).rows.length} rows</p>
  render(
    <Wrapper>
      <Suspense fallback="suspended">
        <Suspending />
      </Suspense>
    </Wrapper>,
  )
  expect(screen.getByText('suspended')).toBeInTheDocument()
  await wait()
  expect(screen.getByText('2 rows')).toBeInTheDocument()
  server.remove('shop.Product', 1)
  server.remove('shop.Product', 2)
  await wait(5_000)
  expect(screen.getByText('1 rows')).toBeInTheDocument()
  expect(server.requests('search')).toHaveLength(1)
})

it('throws to the nearest boundary where it suspends', async () => {
  const { server, Wrapper, wait } = stage()
  const report = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  server.bends.fail = () => new BindingError('forbidden', 'Not yours.')
  class Boundary extends Component<{ children: ReactNode }, { message: string | null }> {
    override state = { message: null }
    static getDerivedStateFromError(error: Error): { message: string } {
      return { message: error.message }
    }
    override render(): ReactNode {
      return this.state.message ?? this.props.children
    }
  }
  const Suspending = (): JSX.Element => <p>{useSuspenseSearch('shop.Product').count}</p>
  render(
    <Wrapper>
      <Boundary>
        <Suspense fallback="suspended">
          <Suspending />
        </Suspense>
      </Boundary>
    </Wrapper>,
  )
  await wait()
  expect(screen.getByText('Not yours.')).toBeInTheDocument()
  report.mockRestore()
})

it('lists every row, and waits where it is not wanted yet', async () => {
  const { server, Wrapper, wait } = stage()
  const { result, rerender } = renderHook(({ enabled }) => useList('shop.Product', { order: '-name' }, { enabled }), {
    wrapper: Wrapper,
    initialProps: { enabled: false },
  })
  await wait()
  expect(result.current).toMatchObject({ rows: [], count: 0, isLive: false })
  expect(server.requests('list')).toHaveLength(0)
  rerender({ enabled: true })
  await wait()
  expect(result.current.rows.map(row => row.name)).toEqual(['Cherry', 'Banana', 'Apple'])
})

it('shows nothing in between where the old rows shall not stay', async () => {
  const { Wrapper, wait } = stage()
  const { result, rerender } = renderHook(
    ({ query }) => useSearch('shop.Product', { query }, { keepPrevious: false, live: false }),
    { wrapper: Wrapper, initialProps: { query: '' } },
  )
  await wait()
  expect(result.current.count).toBe(3)
  rerender({ query: 'an' })
  expect(result.current).toMatchObject({ rows: [], count: 0, isPending: true })
  await wait()
  expect(result.current).toMatchObject({ count: 1, isLive: false })
})
