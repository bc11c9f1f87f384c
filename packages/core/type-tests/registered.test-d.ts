import './bindings.gen.js'
import { type BindingName, ChannelsClient, type EventName, type SearchPage } from '@channels-binding/core'
import { useBind, useRetrieve, useSave, useSearch } from '@channels-binding/core/react'
import { expectTypeOf } from 'vitest'
import type { ShopProductRow } from './bindings.gen.js'

expectTypeOf<BindingName>().toEqualTypeOf<'shop.Product' | 'shop.Category' | 'game.hunger'>()
expectTypeOf<EventName>().toEqualTypeOf<'shop.Product.restock' | 'game.hunger.sos'>()

// ---- hooks

export function Component(): void {
  const search = useSearch('shop.Product', {
    order: ['-price', 'name'],
    filters: { price__gte: '3' },
    fields: ['name'],
  })
  expectTypeOf(search.rows).toEqualTypeOf<readonly ShopProductRow[]>()
  expectTypeOf(search.data).toEqualTypeOf<SearchPage<ShopProductRow> | undefined>()
  expectTypeOf(search.rows[0]?.price).toEqualTypeOf<string | undefined>()
  if (search.isSuccess) expectTypeOf(search.data.count).toEqualTypeOf<number>()
  if (search.isError) expectTypeOf(search.error.code).toExtend<string>()
  // @ts-expect-error no such stream
  useSearch('shop.Prodct')
  // @ts-expect-error no such order
  useSearch('shop.Product', { order: '-stock' })
  // @ts-expect-error no such filter
  useSearch('shop.Product', { filters: { colour: 1 } })
  // @ts-expect-error a filter takes its type
  useSearch('shop.Product', { filters: { category__in: 'a' } })
  // @ts-expect-error no such field
  useSearch('shop.Product', { fields: ['colour'] })
  // @ts-expect-error no such field
  search.rows[0]?.colour

  expectTypeOf(useRetrieve('shop.Product', 3).data).toEqualTypeOf<ShopProductRow | undefined>()
  useRetrieve('shop.Category', 'a')
  useRetrieve('shop.Category', null)
  // @ts-expect-error the key of a category is text
  useRetrieve('shop.Category', 3)

  const save = useSave('shop.Product')
  save.mutate({ id: 1, stock: 4 })
  save.mutate({ name: 'a', price: '1.00' })
  expectTypeOf(save.data?.id).toEqualTypeOf<number | undefined>()
  // @ts-expect-error stock is a number
  save.mutate({ id: 1, stock: 'x' })
  // @ts-expect-error a new product needs a price
  save.mutate({ name: 'a' })

  const sos = useBind('game.hunger.sos')
  expectTypeOf(sos.data?.life).toEqualTypeOf<number | undefined>()
  const restock = useBind('shop.Product.restock', { passive: true })
  void restock.send({ amount: 3 })
  // @ts-expect-error amount is a number
  void restock.send({ amount: 'x' })
  // @ts-expect-error no such event
  useBind('shop.Product.dance')
}

// ---- the client

const client = new ChannelsClient()
expectTypeOf(client.call('shop.Product.restock', { amount: 1 })).resolves.toEqualTypeOf<{ stock: number }>()
expectTypeOf(client.search('shop.Product', { order: '-id' })).resolves.toEqualTypeOf<SearchPage<ShopProductRow>>()
expectTypeOf(client.live('shop.Product', 'retrieve', { id: 1 }).getSnapshot().data).toEqualTypeOf<
  ShopProductRow | undefined
>()
client.live('shop.Product', 'search', { limit: 3 }, state => {
  expectTypeOf(state.data?.rows).toEqualTypeOf<readonly ShopProductRow[] | undefined>()
})
client.on('game.hunger.sos', data => expectTypeOf(data).toEqualTypeOf<{ life: number }>())
// @ts-expect-error no such event
void client.call('shop.Product.dance', {})
// @ts-expect-error `search` does not take an id
client.live('shop.Product', 'search', { id: 1 })
