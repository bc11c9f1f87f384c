import { aggregateOptions, useAggregate } from '@channels-binding/core/react'
import { renderHook } from '@testing-library/react'
import { expect, it } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

const TABLE = { aggregates: { measures: { stock: ['sum'] }, by: ['name'] } }

it('shows measures by groups and follows what others do', async () => {
  const { server, Wrapper, wait } = stage({}, TABLE)
  const asked = { measures: ['count', 'sum:stock'], by: ['name'], order: '-sum:stock', limit: 2 } as const
  const { result } = renderHook(() => useAggregate('shop.Product', asked), { wrapper: Wrapper })
  expect(result.current).toMatchObject({ status: 'pending', rows: [], count: 0 })
  await wait()
  expect(result.current.rows.map(row => [row.name, row['sum:stock']])).toEqual([
    ['Cherry', 30],
    ['Banana', 20],
  ])
  expect(result.current).toMatchObject({ count: 2, isLive: true, data: { truncated: true } })
  const cherry = result.current.rows[0]
  server.insert('shop.Product', { name: 'Banana', stock: 5 })
  await wait()
  expect(result.current.rows[1]).toMatchObject({ id: '["Banana"]', count: 2, 'sum:stock': 25 })
  expect(result.current.rows[0]).toBe(cherry)
})

it('reads before a page is shown, and the hook goes on from there', async () => {
  const { server, client, queryClient, Wrapper, wait } = stage({}, TABLE)
  const asked = { measures: ['sum:stock'] } as const
  void queryClient.prefetchQuery(aggregateOptions(client, 'shop.Product', asked))
  await wait()
  const { result } = renderHook(() => useAggregate('shop.Product', asked), { wrapper: Wrapper })
  expect(result.current.rows).toEqual([{ id: '[]', 'sum:stock': 60 }])
  await wait()
  expect([server.requests('aggregate').length, result.current.isLive]).toEqual([1, true])
})

it('asks once where it is not to stay live, counts where nothing else is asked, and says what is refused', async () => {
  const { server, Wrapper, wait } = stage({}, TABLE)
  const { result } = renderHook(
    () => [
      useAggregate('shop.Product', {}, { live: false }),
      useAggregate('shop.Product', { measures: ['sum:price'] }),
      useAggregate('shop.Product', { by: ['name'] }, { enabled: false }),
    ],
    { wrapper: Wrapper },
  )
  await wait()
  const [once, refused, waiting] = result.current
  expect(once?.rows).toEqual([{ id: '[]', count: 3 }])
  expect(refused?.error).toMatchObject({ code: 'invalid' })
  expect(waiting?.fetchStatus).toBe('idle')
  expect(server.liveReads).toBe(0)
})
