import { BindingError } from '@channels-binding/core'
import { afterEach, expect, it, vi } from 'vitest'
import { fakeClock, settle, world } from './helpers.js'

fakeClock()
afterEach(() => {
  vi.restoreAllMocks()
})

it('offers the built-in actions', async () => {
  const { client, server } = world(
    {},
    { fields: [{ name: 'name', type: 'CharField', widget: 'TextInput', label: 'Name' }] },
  )
  expect(await client.search('shop.Product', { order: '-stock', limit: 1 })).toMatchObject({
    count: 3,
    rows: [{ id: 3 }],
  })
  expect(await client.list('shop.Product', { query: 'an' })).toMatchObject({ count: 1, rows: [{ name: 'Banana' }] })
  expect(await client.create('shop.Product', { name: 'Date', stock: 1 })).toMatchObject({ success: true, id: 4 })
  expect(await client.update('shop.Product', 4, { stock: 2 })).toEqual({ success: true, id: 4 })
  expect(await client.save('shop.Product', { id: 4, stock: 3 })).toEqual({ success: true, id: 4 })
  expect(await client.retrieve('shop.Product', 4)).toEqual({ id: 4, name: 'Date', stock: 3 })
  expect(await client.form('shop.Product', 4)).toMatchObject({ fields: [{ value: 'Date' }], success: false })
  expect(await client.submitForm('shop.Product', { name: 'Fig' }, { id: 4 })).toMatchObject({ success: true })
  expect(await client.delete('shop.Product', 4)).toEqual({ success: true, id: 4 })
  expect(await client.describe('shop.Product')).toMatchObject({ stream: 'shop.Product', pk: 'id' })
  expect(await client.auth('token')).toMatchObject({ success: true })
  const batch = await client.batch([
    { event: 'shop.Product.create', data: { name: 'Gin' }, as: 'made' },
    { event: 'shop.Product.delete', data: { id: { $ref: 'made.id' } } },
  ])
  expect(batch).toMatchObject({ success: true, results: [{ data: { name: 'Gin' } }, { data: { success: true } }] })
  await expect(
    client.batch([{ event: 'shop.Product.delete', data: { id: { $ref: 'nobody.id' } } }]),
  ).rejects.toMatchObject({ code: 'invalid' })
  expect(server.liveReads).toBe(0)
})

it('reports errors that belong to no call', async () => {
  const { client, server } = world()
  const heard = vi.fn()
  client.onError(heard)
  client.connect()
  await settle()
  server.raw('{"event":"cb.error","error":{"code":"bad_request","message":"?"}}')
  server.raw('{"event":"a.b","error":{"code":"limit_exceeded","message":"!"}}')
  await settle()
  expect(heard.mock.calls.map(([error, event]) => [error.code, event])).toEqual([
    ['bad_request', 'cb.error'],
    ['limit_exceeded', 'a.b'],
  ])
})

it('counts what goes by', async () => {
  const { client } = world()
  await client.describe('shop.Product')
  expect(client.stats).toEqual({ divergences: 0, received: 3, sent: 2 })
})

const spoken = (server: ReturnType<typeof world>['server']): unknown[] =>
  server.received.filter(each => each.event === 'cb.locale').map(each => each.data)

it('asks for a language and a time zone, and learns what holds now', async () => {
  const { client, server } = world()
  const asked = client.setLocale({ language: 'de' })
  await settle()
  expect(await asked).toEqual({ language: 'de', timezone: 'UTC' })
  expect(spoken(server)).toEqual([{ language: 'de' }])
})

it('says them again before anything else on each new connection', async () => {
  const { client, server } = world()
  void client.setLocale({ language: 'de' })
  await settle()
  void client.setLocale({ timezone: 'Asia/Tokyo' })
  const live = client.live('shop.Product', 'search', {})
  await settle()
  const before = server.received.length
  server.close(4500)
  await settle(250)
  const [first] = server.received.slice(before)
  expect(first).toMatchObject({ event: 'cb.locale', data: { language: 'de', timezone: 'Asia/Tokyo' } })
  live.unsubscribe()
})

it('forgets what the server does not know', async () => {
  const { client, server } = world()
  server.bends.fail = request =>
    request.event === 'cb.locale' ? new BindingError('invalid', 'No such language.') : null
  const asked = client.setLocale({ language: 'xx' }).catch((error: unknown) => error)
  await settle()
  expect(await asked).toMatchObject({ code: 'invalid' })
  server.close(4500)
  await settle(250)
  expect(spoken(server)).toEqual([{ language: 'xx' }])
})
