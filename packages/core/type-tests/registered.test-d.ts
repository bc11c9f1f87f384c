import './back1.gen.js'
import './bindings.gen.js'
import { type BindingName, ChannelsClient, type EventName, type SearchPage } from '@channels-binding/core'
import { type PresenceUser, usePresence, usePresenceOf } from '@channels-binding/core/presence'
import {
  listOptions,
  retrieveOptions,
  saveOptions,
  searchOptions,
  useAggregate,
  useBind,
  useInfiniteSearch,
  useRetrieve,
  useSave,
  useSearch,
} from '@channels-binding/core/react'
import { expectTypeOf } from 'vitest'
import type { DeskCustomerRow, DeskTicketRow } from './back1.gen.js'
import type { ShopProductRow } from './bindings.gen.js'

type Own = 'shop.Product' | 'shop.Category' | 'shop.lobby' | 'shop.Log' | 'game.hunger'
expectTypeOf<BindingName>().toEqualTypeOf<Own | 'back1:desk.Ticket' | 'back1:desk.Customer'>()
expectTypeOf<EventName>().toEqualTypeOf<'shop.Product.restock' | 'game.hunger.sos' | 'back1:desk.Ticket.close'>()

// ---- factories

const made = new ChannelsClient()
expectTypeOf(searchOptions(made, 'shop.Product').queryFn).returns.resolves.toEqualTypeOf<SearchPage<ShopProductRow>>()
// @ts-expect-error no such stream
listOptions(made, 'shop.Prodct')
// @ts-expect-error the key of a category is text
retrieveOptions(made, 'shop.Category', 3)
// @ts-expect-error stock is a number
void saveOptions(made, 'shop.Product').mutationFn({ id: 1, stock: 'x' })

// ---- what a stream does not offer

void made.create('shop.Log', { text: 'x' })
void made.save('shop.Log', { text: 'x' })
// @ts-expect-error it is not changed
void made.update('shop.Log', 1, { text: 'x' })
// @ts-expect-error nor saved
void made.save('shop.Log', { id: 1, text: 'x' })
// @ts-expect-error there are no rows
void made.create('game.hunger', {})
// @ts-expect-error nor here
void made.save('shop.lobby', {})

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
  // @ts-expect-error the stream declares no filters
  useSearch('shop.Category', { filters: { name: 'x' } })
  useSearch('shop.Category', { filters: {} })
  // @ts-expect-error no such field
  useSearch('shop.Product', { fields: ['colour'] })
  // @ts-expect-error no such mode
  useSearch('shop.Product', {}, { live: 'later' })
  // @ts-expect-error no such field
  search.rows[0]?.colour

  expectTypeOf(useRetrieve('shop.Product', 3).data).toEqualTypeOf<ShopProductRow | undefined>()
  useRetrieve('shop.Category', 'a')
  useRetrieve('shop.Category', null)
  // @ts-expect-error the key of a category is text
  useRetrieve('shop.Category', 3)

  const { rows } = useAggregate('shop.Product', {
    measures: ['count', 'sum:stock'],
    by: ['status', 'created:month'],
    order: ['-sum:stock', 'status'],
    filters: { price__gte: '3' },
  })
  expectTypeOf(rows[0]?.['sum:stock']).toEqualTypeOf<number | null | undefined>()
  expectTypeOf(rows[0]?.status).toEqualTypeOf<'draft' | 'live' | undefined>()
  expectTypeOf(rows[0]?.id).toEqualTypeOf<string | undefined>()
  // @ts-expect-error it was not asked for
  rows[0]?.['avg:price']
  const whole = useAggregate('shop.Product')
  expectTypeOf(whole.rows[0]?.count).toEqualTypeOf<number | undefined>()
  expectTypeOf(whole.data?.truncated).toEqualTypeOf<boolean | undefined>()
  // @ts-expect-error no such measure
  useAggregate('shop.Product', { measures: ['sum:price'] })
  // @ts-expect-error no such group
  useAggregate('shop.Product', { by: ['created:day'] })
  // @ts-expect-error an order of what is not asked for
  useAggregate('shop.Product', { by: ['status'], order: '-sum:stock' })
  // @ts-expect-error the stream declares nothing to measure
  useAggregate('shop.Category')

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

// ---- related rows

export function Expanded(): void {
  const { rows } = useSearch('shop.Product', { expand: ['category'], limit: 3 })
  expectTypeOf(rows[0]?.expand.category).toEqualTypeOf<{ id: string; name: string } | null | undefined>()
  expectTypeOf(rows[0]?.category).toEqualTypeOf<number | null | undefined>()
  const deep = useRetrieve('shop.Product', 3, { expand: ['category.products'] })
  expectTypeOf(deep.data?.expand.category?.expand.products[0]).toEqualTypeOf<ShopProductRow | undefined>()
  expectTypeOf(
    useInfiniteSearch('shop.Product', { expand: ['category'] }).rows[0]?.expand.category?.name,
  ).toEqualTypeOf<string | undefined>()
  expectTypeOf(useSearch('shop.Product', { expand: [] }).rows).toEqualTypeOf<readonly ShopProductRow[]>()
  // @ts-expect-error not expanded
  useSearch('shop.Product').rows[0]?.expand
  // @ts-expect-error no such path
  useSearch('shop.Product', { expand: ['category', 'stock'] })
  // @ts-expect-error that stream declares nothing
  useSearch('shop.Category', { expand: ['products'] })
}

// ---- who is there

export function Present(): void {
  const present = usePresenceOf('shop.Product', 7, { editing: 'name' })
  expectTypeOf(present.others[0]?.tabs[0]?.meta.editing).toEqualTypeOf<string | undefined>()
  expectTypeOf(present.me?.user).toEqualTypeOf<PresenceUser | null | undefined>()
  usePresenceOf('shop.Product', null)
  usePresence('shop.lobby')
  expectTypeOf(usePresence<{ at: number }, { name: string }>('shop.lobby:back').members[0]?.user?.name).toEqualTypeOf<
    string | undefined
  >()
  // @ts-expect-error the key is a number
  usePresenceOf('shop.Product', 'x')
  // @ts-expect-error nobody can be there
  usePresenceOf('shop.Category', 'a')
  // @ts-expect-error no such room
  usePresence('game.hunger')
  // @ts-expect-error a meta is an object
  usePresence('shop.lobby', 'busy')
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
client.live('shop.Product', 'aggregate', { measures: ['avg:price'], by: ['status'] }, state => {
  expectTypeOf(state.data?.rows[0]?.['avg:price']).toEqualTypeOf<string | null | undefined>()
})
expectTypeOf(client.aggregate('shop.Product').then(({ rows }) => rows[0]?.count)).resolves.toEqualTypeOf<
  number | undefined
>()
// @ts-expect-error no such measure
void client.aggregate('shop.Product', { measures: ['max:stock'] })
client.on('game.hunger.sos', data => expectTypeOf(data).toEqualTypeOf<{ life: number }>())
// @ts-expect-error no such event
void client.call('shop.Product.dance', {})
// @ts-expect-error `search` does not take an id
client.live('shop.Product', 'search', { id: 1 })
const expanded = client.search('shop.Product', { count: false, expand: ['category'] })
expectTypeOf((await expanded).rows[0]?.expand.category?.id).toEqualTypeOf<string | undefined>()
expectTypeOf((await client.retrieve('shop.Product', 1, { expand: ['category'] })).expand.category?.name).toEqualTypeOf<
  string | undefined
>()

// ---- several servers

export function Elsewhere(): void {
  const tickets = useSearch('back1:desk.Ticket', { order: '-title', filters: { title: 'x' }, expand: ['customer'] })
  expectTypeOf(tickets.rows[0]?.title).toEqualTypeOf<string | undefined>()
  expectTypeOf(tickets.rows[0]?.expand.customer).toEqualTypeOf<DeskCustomerRow | null | undefined>()
  expectTypeOf(useRetrieve('back1:desk.Ticket', 3).data).toEqualTypeOf<DeskTicketRow | undefined>()
  expectTypeOf(useAggregate('back1:desk.Customer').rows[0]?.count).toEqualTypeOf<number | undefined>()
  const bound = useBind('back1:desk.Ticket.close', { params: { why: 'done' } })
  expectTypeOf(bound.data).toEqualTypeOf<{ closed: boolean } | undefined>()
  useSave('back1:desk.Ticket').mutate({ id: 1, title: 'x' })
  // @ts-expect-error it is a stream of the other server
  useSearch('desk.Ticket')
  // @ts-expect-error and this one of this server
  useSearch('back1:shop.Product')
  // @ts-expect-error no such server
  useSearch('back2:desk.Ticket')
  // @ts-expect-error no such order
  useSearch('back1:desk.Ticket', { order: 'customer' })
  // @ts-expect-error the event takes a reason
  void bound.send({ reason: 'done' })
  // @ts-expect-error it is not saved
  useSave('back1:desk.Customer').mutate({ name: 'x' })
}
