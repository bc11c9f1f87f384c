import { BindingError, type ChannelsClient, type ClientOptions } from '@channels-binding/core'
import {
  ChannelsProvider,
  useBind,
  useConnection,
  useDebounced,
  useDelete,
  useDescribe,
  useForm,
  useList,
  usePassiveBind,
  useRetrieve,
  useSave,
  useSearch,
  useSuspenseSearch,
  useToggle,
} from '@channels-binding/core/react'
import type { FakeServer, FakeTableOptions } from '@channels-binding/core/testing'
import { notifyManager, QueryClient } from '@tanstack/react-query'
import { act, render, renderHook, screen } from '@testing-library/react'
import { Component, type JSX, type ReactNode, StrictMode, Suspense } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it, vi } from 'vitest'
import { fakeClock, settle, world } from '../helpers.js'

fakeClock()

interface Stage {
  readonly server: FakeServer
  readonly client: ChannelsClient
  readonly Wrapper: (props: { children: ReactNode }) => JSX.Element
  readonly wait: (ms?: number) => Promise<void>
}

function stage(options: ClientOptions = {}, table: FakeTableOptions = {}): Stage {
  const { server, client } = world(options, table)
  const queryClient = new QueryClient()
  const Wrapper = ({ children }: { children: ReactNode }): JSX.Element => (
    <StrictMode>
      <ChannelsProvider client={client} queryClient={queryClient}>
        {children}
      </ChannelsProvider>
    </StrictMode>
  )
  return { server, client, Wrapper, wait: (ms = 10) => act(async () => void (await settle(ms))) }
}

function List({ query = '' }: { query?: string }): JSX.Element {
  const { rows, count, isPending } = useSearch('shop.Product', { order: 'name', query })
  return (
    <p>
      {isPending ? 'wait' : rows.map(row => `${row.name}:${row.stock}`).join(' ')} of {count}
    </p>
  )
}

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

it('does not render for what nobody reads', async () => {
  const { Wrapper, wait } = stage()
  const renders = vi.fn()
  const Counter = (): JSX.Element => {
    const { rows, refresh } = useSearch('shop.Product', {})
    renders()
    return <button type="button" onClick={() => void refresh()}>{`${rows.length} rows`}</button>
  }
  render(<Counter />, { wrapper: Wrapper })
  await wait()
  renders.mockClear()
  act(() => screen.getByText('3 rows').click())
  await wait()
  expect(renders).not.toHaveBeenCalled()
})

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

it('reads once when it shall not be live', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => useSearch('shop.Product', {}, { live: false }), { wrapper: Wrapper })
  await wait()
  expect(result.current).toMatchObject({ count: 3, isLive: false })
  expect(server.liveReads).toBe(0)
  expect(server.requests('search')).toHaveLength(1)
})

it('renders pending on a server, without a socket', () => {
  const { client } = world({ WebSocket: undefined as never })
  const html = renderToString(
    <ChannelsProvider client={client}>
      <List />
      <Status />
    </ChannelsProvider>,
  )
  expect(html).toContain('wait')
  expect(html).toContain('idle')
  expect(client.getState().status).toBe('idle')
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

// ---- writing

function useEditor(): { rows: unknown; row: unknown; save: ReturnType<typeof useSave<'shop.Product'>> } {
  const { rows } = useSearch('shop.Product', { order: 'name' })
  const { data } = useRetrieve('shop.Product', 1)
  return { rows: rows.map(row => row.stock), row: data?.stock, save: useSave('shop.Product') }
}

it('shows a change at once, and never flickers back, whatever others do before the reply', async () => {
  const { server, Wrapper, wait } = stage()
  const seen: unknown[] = []
  const { result } = renderHook(
    () => {
      const editor = useEditor()
      seen.push((editor.rows as unknown[])[0])
      return editor
    },
    { wrapper: Wrapper },
  )
  await wait()
  seen.length = 0
  server.hold()
  act(() => result.current.save.mutate({ id: 1, stock: 99 }))
  await wait()
  expect(result.current).toMatchObject({ rows: [99, 20, 30], row: 99, save: { isPending: true } })
  server.update('shop.Product', 1, { name: 'Apfel' })
  server.update('shop.Product', 2, { stock: 21 })
  await wait()
  expect(result.current).toMatchObject({ rows: [99, 21, 30], row: 99 })
  server.release()
  await wait()
  expect(result.current).toMatchObject({ rows: [99, 21, 30], save: { isSuccess: true, success: true } })
  expect(new Set(seen.slice(seen.indexOf(99)))).toEqual(new Set([99]))
})

it('keeps a change that waits for its reply through a refetch', async () => {
  const { server, Wrapper, wait } = stage()
  const seen: unknown[] = []
  const { result } = renderHook(
    () => {
      const row = useRetrieve('shop.Product', 1)
      seen.push(row.data?.stock)
      return { row, save: useSave('shop.Product') }
    },
    { wrapper: Wrapper },
  )
  await wait()
  server.handle('shop.Product.save', () => ({ success: true, id: 1 }))
  server.bends.drop = 1
  act(() => result.current.save.mutate({ id: 1, stock: 99 }))
  await wait()
  seen.length = 0
  act(() => void result.current.row.refetch())
  await wait()
  expect(result.current.row).toMatchObject({ isSuccess: true, isFetching: false, data: { stock: 99 } })
  expect(seen.every(stock => stock === 99)).toBe(true)
})

it('takes a refused change back, and says what is wrong', async () => {
  const stock = [{ code: 'min_value', message: 'Too few.' }]
  const { server, Wrapper, wait } = stage({}, { validate: () => ({ stock }) })
  const { result } = renderHook(useEditor, { wrapper: Wrapper })
  await wait()
  server.hold()
  act(() => result.current.save.mutate({ id: 1, stock: -1 }))
  await wait()
  expect(result.current.rows).toEqual([-1, 20, 30])
  server.release()
  await wait()
  expect(result.current).toMatchObject({
    rows: [10, 20, 30],
    row: 10,
    save: { errors: { stock }, error: { code: 'invalid' } },
  })
})

it('lays several changes over one another, and takes each away on its own', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(useEditor, { wrapper: Wrapper })
  await wait()
  server.bends.fail = request =>
    (request.data as { stock?: number }).stock === 2 ? new BindingError('conflict', 'No.') : null
  server.hold()
  act(() => result.current.save.mutate({ id: 1, stock: 1 }))
  act(() => result.current.save.mutate({ id: 1, stock: 2 }))
  await wait()
  expect(result.current.row).toBe(2)
  server.release()
  await wait()
  expect(result.current.row).toBe(1)
})

it('waits for the server where it shall not be optimistic', async () => {
  const { server, Wrapper, wait } = stage()
  const onSuccess = vi.fn()
  const { result } = renderHook(
    () => [useRetrieve('shop.Product', 1), useSave('shop.Product', { optimistic: false, onSuccess })] as const,
    { wrapper: Wrapper },
  )
  await wait()
  server.hold()
  let reply: unknown
  act(() => void result.current[1].submit({ id: 1, stock: 0 }).then(value => (reply = value)))
  await wait()
  expect(result.current[0].data?.stock).toBe(10)
  server.release()
  await wait()
  expect(result.current[0].data?.stock).toBe(0)
  expect(reply).toEqual({ success: true, id: 1 })
  expect(onSuccess).toHaveBeenCalledExactlyOnceWith({ success: true, id: 1 }, { id: 1, stock: 0 })
})

it('deletes, and says why not', async () => {
  const { server, Wrapper, wait } = stage()
  const onError = vi.fn()
  const { result } = renderHook(() => useDelete('shop.Product', { onError }), { wrapper: Wrapper })
  act(() => result.current.mutate(1))
  await wait()
  expect(server.rows('shop.Product')).toHaveLength(2)
  act(() => result.current.mutate(1))
  await wait()
  expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: 'not_found' })
})

// ---- forms and descriptions

const FIELDS = [{ name: 'stock', type: 'IntegerField', widget: 'NumberInput', label: 'Stock', required: true }]

it('reads a form, submits it, and says what is wrong', async () => {
  const validate = (values: Readonly<Record<string, unknown>>): Record<string, { code: string; message: string }[]> =>
    Number(values.stock) < 0
      ? { stock: [{ code: 'min', message: 'Too few.' }], __all__: [{ code: 'x', message: 'Think.' }] }
      : {}
  const { server, Wrapper, wait } = stage({}, { fields: FIELDS, validate })
  const onSuccess = vi.fn()
  const { result } = renderHook(() => useForm('shop.Product', { id: 1, onSuccess }), { wrapper: Wrapper })
  expect(result.current).toMatchObject({ schema: undefined, fields: [], isPending: true, errors: null })
  await wait()
  expect(result.current).toMatchObject({ fields: [{ name: 'stock', value: 10 }], object: { id: 1 }, isPending: false })
  expect(server.requests('form')).toHaveLength(1)
  act(() => void result.current.submit({ stock: -1 }))
  await wait()
  expect(result.current).toMatchObject({
    errors: { stock: [{ message: 'Too few.' }] },
    formErrors: ['Think.'],
    success: false,
  })
  act(() => void result.current.submit({ stock: 5 }))
  await wait()
  expect(result.current).toMatchObject({ errors: null, formErrors: [], success: true, object: { stock: 5 } })
  expect(onSuccess).toHaveBeenCalledExactlyOnceWith({ id: 1, name: 'Apple', stock: 5 }, expect.anything())
})

it('takes over what others change in the row of a form', async () => {
  const { server, Wrapper, wait } = stage({}, { fields: FIELDS })
  const { result } = renderHook(() => useForm('shop.Product', { id: 1 }), { wrapper: Wrapper })
  await wait()
  server.update('shop.Product', 1, { stock: 44 })
  await wait()
  expect(result.current.fields[0]?.value).toBe(44)
  server.remove('shop.Product', 1)
  await wait()
  expect(result.current.isGone).toBe(true)
})

it('describes a stream once', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => [useDescribe('shop.Product'), useDescribe('shop.Product')], { wrapper: Wrapper })
  await wait()
  expect(result.current[0]?.data).toMatchObject({ stream: 'shop.Product' })
  expect(server.requests('describe')).toHaveLength(1)
})

// ---- events, the connection, small things

it('sends an event once under StrictMode and holds what comes', async () => {
  const { server, Wrapper, wait } = stage()
  const eaten = vi.fn((data: unknown) => ({ life: 5, data }))
  server.handle('game.hunger.sos', eaten)
  const onEvent = vi.fn()
  const { result } = renderHook(() => useBind('game.hunger.sos', { params: { now: true }, onEvent }), {
    wrapper: Wrapper,
  })
  await wait()
  expect(eaten).toHaveBeenCalledOnce()
  expect(result.current).toMatchObject({ data: { life: 5, data: { now: true } }, isPending: false, error: null })
  server.dispatch('game.hunger.sos', { life: 4 })
  await wait()
  expect(result.current.data).toEqual({ life: 4 })
  expect(onEvent).toHaveBeenLastCalledWith({ life: 4 })
  await act(async () => void (await result.current.send({ now: false })))
  await wait()
  expect(result.current.data).toEqual({ life: 5, data: { now: false } })
  server.close(4500)
  await wait(250)
  server.dispatch('game.hunger.sos', { life: 3 })
  await wait()
  expect(result.current.data).toEqual({ life: 3 })
})

it('only listens where it is passive', async () => {
  const { server, Wrapper, wait } = stage()
  const { result, unmount } = renderHook(() => usePassiveBind('game.hunger.sos'), { wrapper: Wrapper })
  await wait()
  expect(server.requests('sos')).toHaveLength(0)
  server.dispatch('game.hunger.sos', { life: 2 })
  await wait()
  expect(result.current.data).toEqual({ life: 2 })
  unmount()
  await wait()
  expect(server.requests('unsubscribe')).toHaveLength(1)
})

function Status(): JSX.Element {
  const { status, isConnected, user } = useConnection()
  return <p role="status">{`${status} ${isConnected} ${JSON.stringify(user)}`}</p>
}

it('shows the connection', async () => {
  const { client, Wrapper, wait } = stage()
  render(<Status />, { wrapper: Wrapper })
  expect(screen.getByRole('status')).toHaveTextContent('idle false null')
  act(() => client.connect())
  await wait()
  expect(screen.getByRole('status')).toHaveTextContent('open true {"id":1,"name":"Ann"}')
})

it('asks for a provider where there is none', () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  expect(() => renderHook(() => useConnection())).toThrow('use ChannelsProvider')
  report.mockRestore()
})

it('makes a cache of its own where there is none', async () => {
  const { client } = world()
  const { result } = renderHook(() => useSearch('shop.Product'), {
    wrapper: ({ children }: { children: ReactNode }) => <ChannelsProvider client={client}>{children}</ChannelsProvider>,
  })
  await act(async () => void (await settle(10)))
  expect(result.current.count).toBe(3)
})

it('waits until a value stands still', async () => {
  const { result, rerender } = renderHook(({ text }) => useDebounced(text, 100), { initialProps: { text: 'a' } })
  rerender({ text: 'ab' })
  await act(async () => void (await settle(99)))
  expect(result.current).toBe('a')
  await act(async () => void (await settle(1)))
  expect(result.current).toBe('ab')
})

it('toggles', () => {
  const { result } = renderHook(() => useToggle())
  act(() => result.current[1]())
  expect(result.current[0]).toBe(true)
  act(() => result.current[1](true))
  expect(result.current[0]).toBe(true)
  act(() => result.current[1]())
  expect(result.current[0]).toBe(false)
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
