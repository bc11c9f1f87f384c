import { registerConsumer } from '@channels-binding/core'
import { usePresence, usePresenceOf } from '@channels-binding/core/presence'
import {
  ChannelsProvider,
  searchOptions,
  useBind,
  useChannels,
  useConnection,
  useDescribe,
  useInfiniteSearch,
  useInstance,
  useList,
  usePending,
  useSearch,
} from '@channels-binding/core/react'
import { QueryClient } from '@tanstack/react-query'
import { act, renderHook } from '@testing-library/react'
import { type JSX, type ReactNode, StrictMode } from 'react'
import { expect, it } from 'vitest'
import { bareOf, partsOf, serverOf } from '../../src/react/named.js'
import { fakeClock, settle, world } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

it('parts the name of a client from that of a stream or event', () => {
  expect(partsOf('back1:app.Model.ping#h:1')).toEqual(['app.Model.ping#h:1', 'back1'])
  expect(partsOf('app.Model')).toEqual(['app.Model', ''])
  expect([bareOf('back1:app.Model'), serverOf('back1:app.Model')]).toEqual(['app.Model', 'back1'])
})

/** Two servers with a stream of the same name, and a page that speaks to both. */
function two() {
  const main = stage()
  const back = world({}, { rows: [{ id: 1, name: 'Plum', stock: 1 }] })
  for (const { server } of [main, back]) server.handle('game.life.status', (_data, { dispatch }) => dispatch('sos', 1))
  back.server.handle('game.life.status', () => ({ life: 9 }))
  back.server.bindRooms('game.lobby')
  const clients = { back1: back.client }
  const Wrapper = ({ children }: { children: ReactNode }): JSX.Element => (
    <StrictMode>
      <ChannelsProvider client={main.client} clients={clients} queryClient={main.queryClient}>
        {children}
      </ChannelsProvider>
    </StrictMode>
  )
  return { main, back, Wrapper }
}

it('asks the client whose name stands in front, in every hook, and keeps the answers of two apart', async () => {
  const { main, back, Wrapper } = two()
  const { result, unmount } = renderHook(
    () => ({
      here: useSearch('shop.Product', { order: 'name' }),
      there: useSearch('back1:shop.Product', { order: 'name' }),
      list: useList('back1:shop.Product'),
      endless: useInfiniteSearch('back1:shop.Product'),
      one: useInstance('back1:shop.Product', 1),
      description: useDescribe('back1:shop.Product'),
      life: useBind('back1:game.life.status'),
      lobby: usePresence('back1:game.lobby', { at: 'door' }),
      at: usePresenceOf('back1:shop.Product', 1),
      connection: useConnection('back1'),
      pending: usePending('back1'),
      channels: useChannels('back1'),
    }),
    { wrapper: Wrapper },
  )
  await main.wait(500)
  const names = (): unknown[] =>
    [result.current.here, result.current.there, result.current.list, result.current.endless].map(({ rows }) =>
      rows.map(row => row.name).join(),
    )
  expect(names()).toEqual(['Apple,Banana,Cherry', 'Plum', 'Plum', 'Plum'])
  expect(result.current).toMatchObject({
    one: { data: { name: 'Plum' }, isLive: true },
    there: { isLive: true },
    endless: { isLive: true },
    description: { data: { stream: 'shop.Product' } },
    life: { data: { life: 9 } },
    lobby: { status: 'success', members: [{ tabs: [{ meta: { at: 'door' } }] }] },
    at: { status: 'success', members: [{}] },
    connection: { isConnected: true },
    pending: { count: 0 },
    channels: { client: back.client },
  })
  expect(new Set(main.server.received.map(({ event }) => event.split('#')[0]))).toEqual(
    new Set(['cb.ping', 'shop.Product.search']),
  )
  main.server.update('shop.Product', 1, { name: 'Zest' })
  back.server.update('shop.Product', 1, { name: 'Prune' })
  await main.wait()
  expect(names()).toEqual(['Banana,Cherry,Zest', 'Prune', 'Prune', 'Prune'])
  act(() => void result.current.one.save({ name: 'Damson' }))
  await main.wait()
  expect(back.server.rows('shop.Product')).toMatchObject([{ name: 'Damson' }])
  expect(
    main.queryClient.getQueryData(searchOptions(back.client, 'back1:shop.Product', { order: 'name' }).queryKey),
  ).toBe(result.current.there.data)
  unmount()
  await main.wait(5_000)
  expect([main.server.liveReads, back.server.liveReads]).toEqual([0, 0])
})

it('knows the clients of registerConsumer and of surrounding providers, and names the way out where there is none', async () => {
  const { main, back, Wrapper } = two()
  const registered = registerConsumer('back2', { ...back.server.options, transport: 'ws' })
  const inner = world()
  const Inner = ({ children }: { children: ReactNode }): JSX.Element => (
    <Wrapper>
      <ChannelsProvider client={inner.client}>{children}</ChannelsProvider>
    </Wrapper>
  )
  const { result } = renderHook(
    () => ({ one: useSearch('back1:shop.Product'), two: useSearch('back2:shop.Product') }),
    { wrapper: Inner },
  )
  await main.wait()
  expect([result.current.one, result.current.two]).toMatchObject([{ count: 1 }, { count: 1 }])
  expect(() => renderHook(() => useSearch('back3:shop.Product'), { wrapper: Inner })).toThrow(
    /registerConsumer\('back3'/,
  )
  registered.close()
})

it('has a cache of its own inside the provider of another client, unless one is given', async () => {
  const outer = stage()
  const inner = world({}, { rows: [] })
  const shared = new QueryClient()
  const counts = (queryClient?: QueryClient) =>
    renderHook(() => ({ count: useSearch('shop.Product').count, cache: useChannels().queryClient }), {
      wrapper: ({ children }: { children: ReactNode }) => (
        <outer.Wrapper>
          <ChannelsProvider client={inner.client} {...(queryClient && { queryClient })}>
            {children}
          </ChannelsProvider>
        </outer.Wrapper>
      ),
    }).result
  renderHook(() => useSearch('shop.Product'), { wrapper: outer.Wrapper })
  await outer.wait()
  const [own, given] = [counts(), counts(shared)]
  await outer.wait()
  await settle()
  expect([own.current.count, given.current.count]).toEqual([0, 0])
  expect(given.current.cache).toBe(shared)
  expect(own.current.cache).not.toBe(outer.queryClient)
})
