import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BindingError, ChannelsClient } from '@channels-binding/core'
import { PresenceRoom } from '@channels-binding/core/presence'
import { expect, it, vi } from 'vitest'
import { fakeClock, settle, world } from '../helpers.js'

fakeClock()

const BEN = { user: { id: 5, username: 'ben' }, tab: 'b1' }
const calls = (requests: readonly { data?: unknown }[]): unknown[] =>
  requests.flatMap(({ data }) => ('meta' in (data as object) ? [(data as { meta: unknown }).meta] : []))

it('is one room for equal names of one client', () => {
  const { client } = world()
  expect(PresenceRoom.of(client, 'shop.Product', 1)).toBe(PresenceRoom.of(client, 'shop.Product', 1))
  expect(PresenceRoom.of(client, 'shop.Product', 1)).not.toBe(PresenceRoom.of(client, 'shop.Product', '1'))
  expect(PresenceRoom.of(client, 'shop.Product', 1)).not.toBe(PresenceRoom.of(world().client, 'shop.Product', 1))
})

it('is forgotten once nobody holds it, and not before', async () => {
  const { client } = world()
  const used = async (isLeft: boolean): Promise<WeakRef<PresenceRoom>> => {
    const room = PresenceRoom.of(client, 'shop.Product', isLeft ? 1 : 2)
    const stop = room.subscribe(() => undefined)
    const entrance = room.enter()
    await settle(500)
    if (isLeft) {
      stop()
      entrance.leave()
      await settle(5_000)
    }
    return new WeakRef(room)
  }
  const [left, stays] = [await used(true), await used(false)]
  vi.useRealTimers()
  setFlagsFromString('--expose-gc')
  await new Promise(resolve => setTimeout(resolve)) // what was looked up in a turn stays for that turn
  runInNewContext('gc')()
  expect([left.deref(), stays.deref()]).toEqual([undefined, expect.any(PresenceRoom)])
  client.close()
})

it('shows who comes, what they do and who leaves, and does not count itself among the others', async () => {
  const { server, client } = world()
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  let changes = 0
  room.subscribe(() => changes++)
  expect(room.getState()).toMatchObject({ status: 'pending', members: [] })
  room.enter({ at: 'top' })
  await settle(500)
  server.enter('shop.Product', 1, { ...BEN, meta: { at: 'end' } })
  await settle()
  expect(room.getState()).toMatchObject({
    status: 'success',
    isLive: true,
    me: { id: '1', user: { id: 1, username: 'Ann' }, tabs: [{ meta: { at: 'top' } }] },
    others: [{ id: '5', user: BEN.user, tabs: [{ id: 'b1', meta: { at: 'end' } }] }],
  })
  expect(room.getState().tab).toBe(room.getState().me?.tabs[0]?.id)
  const { others } = room.getState()
  const before = changes
  server.enter('shop.Product', 1, { ...BEN, meta: { at: 'end' } })
  await settle()
  expect([changes, room.getState().others]).toEqual([before, others])
  server.leave('shop.Product', 1, 'b1')
  await settle()
  expect(room.getState().others).toEqual([])
  expect(client.stats.divergences).toBe(0)
})

it('sends changes of a meta together, the last one always, and an equal one never', async () => {
  const { server, client } = world()
  const entrance = PresenceRoom.of(client, 'shop.Product', 1).enter({ n: 0 })
  await settle(500)
  for (let n = 1; n <= 20; n++) {
    entrance.update({ n })
    await settle(10)
  }
  await settle(500)
  entrance.update({ n: 20 })
  await settle(500)
  const sent = calls(server.requests('presence'))
  expect(sent.length).toBeLessThan(6)
  expect(sent.at(-1)).toEqual({ n: 20 })
})

it('is there once for several entrances of a tab, and leaves with the last', async () => {
  const { server, client } = world()
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  const first = room.enter({ a: 1, b: 1 })
  const second = room.enter({ b: 2 })
  await settle(500)
  second.leave()
  second.update({ b: 3 })
  await settle(500)
  first.leave()
  await settle(500)
  expect(calls(server.requests('presence'))).toEqual([{ a: 1, b: 2 }, { a: 1, b: 1 }, null])
})

it('does not leave where the next page enters at once', async () => {
  const { server, client } = world()
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  const first = room.enter()
  await settle(500)
  first.leave()
  room.enter()
  await settle(500)
  expect(calls(server.requests('presence'))).toEqual([{}])
})

it('enters again after a reconnect, and shows until then what it knew', async () => {
  const { server, client } = world()
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  room.subscribe(() => undefined)
  room.enter({ a: 1 })
  server.enter('shop.Product', 1, BEN)
  await settle(500)
  server.close(4500)
  await settle()
  expect(room.getState()).toMatchObject({ isLive: false, tab: null, others: [{ id: '5' }, { id: '1' }] })
  await settle(5_000)
  expect(room.getState()).toMatchObject({ isLive: true, me: { id: '1' }, others: [{ id: '5' }] })
  expect(room.getState().tab).toBe('tab2')
})

it('says nothing on a connection that has never been asked to be there', async () => {
  const { server, client } = world()
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  const entrance = room.enter()
  entrance.leave()
  await settle(500)
  server.close(4500)
  client.connect()
  await settle(5_000)
  expect(calls(server.requests('presence'))).toEqual([])
})

it('comes back with another try where it is told to slow down', async () => {
  const { server, client } = world()
  let refusals = 1
  server.bends.fail = ({ data }) =>
    'meta' in (data as object) && refusals-- > 0
      ? { code: 'throttled', message: 'Slow down.', status: 429, retry: true, retry_after: 2 }
      : null
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  room.subscribe(() => undefined)
  room.enter({ a: 1 })
  await settle(1_000)
  expect(room.getState()).toMatchObject({ me: null, error: null })
  await settle(1_500)
  expect(room.getState()).toMatchObject({ me: { tabs: [{ meta: { a: 1 } }] } })
})

it('says why it is not there, and does not ask again and again', async () => {
  const { server, client } = world()
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  room.subscribe(() => undefined)
  const entrance = room.enter({ a: 'x'.repeat(2_000) })
  await settle(10_000)
  expect(room.getState()).toMatchObject({ me: null, error: { code: 'invalid' } })
  expect(calls(server.requests('presence'))).toHaveLength(1)
  entrance.update({ a: 'x' })
  await settle(500)
  expect(room.getState()).toMatchObject({ me: { id: '1' }, error: null })
})

it('is not there any more once the server has said so, until what it may do changes', async () => {
  const { server, client } = world()
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  room.subscribe(() => undefined)
  room.enter()
  await settle(500)
  const [connection] = server.connections
  const forbidden = { code: 'forbidden', message: 'No longer.', status: 403, retry: false }
  server.bends.fail = ({ data }) => ('meta' in (data as object) ? forbidden : null)
  connection?.sendError({ event: 'shop.Product.presence' }, BindingError.from(forbidden))
  await settle(5_000)
  expect(room.getState()).toMatchObject({ tab: null, error: { code: 'forbidden' } })
  expect(calls(server.requests('presence'))).toHaveLength(2)
  server.bends.fail = null
  server.system('cb.user', { user: 1 })
  await settle(500)
  expect(room.getState().tab).toBe('tab1')
})

it('is gone with its row', async () => {
  const { server, client } = world()
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  room.subscribe(() => undefined)
  room.enter()
  await settle(500)
  server.remove('shop.Product', 1)
  await settle()
  expect(room.getState()).toMatchObject({ status: 'gone', members: [], me: null })
})

it('says what it could not say while its row was away, once that is back', async () => {
  const { server, client } = world()
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  room.subscribe(() => undefined)
  const entrance = room.enter({ a: 1 })
  await settle(500)
  server.remove('shop.Product', 1)
  await settle()
  entrance.update({ a: 2 })
  await settle(500)
  expect(room.getState()).toMatchObject({ status: 'gone', error: { code: 'not_found' } })
  server.insert('shop.Product', { id: 1, name: 'back' })
  await settle(1_000)
  expect(room.getState()).toMatchObject({ status: 'success', me: { tabs: [{ meta: { a: 2 } }] }, error: null })
})

it('watches over HTTP, and is not there', async () => {
  const { server, client } = world({ transport: 'http' })
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  room.subscribe(() => undefined)
  room.enter()
  server.enter('shop.Product', 1, BEN)
  await settle(1_000)
  expect(room.getState()).toMatchObject({ status: 'success', me: null, others: [{ id: '5' }] })
  expect(calls(server.requests('presence'))).toEqual([])
})

it('is there on a stream of rooms alone, by a name', async () => {
  const { server, client } = world()
  server.bindRooms('shop.lobby')
  const room = PresenceRoom.of(client, 'shop.lobby', 'back')
  room.subscribe(() => undefined)
  room.enter()
  const other = PresenceRoom.of(client, 'shop.lobby')
  other.subscribe(() => undefined)
  await settle(500)
  expect([room.getState().members.length, other.getState().members.length]).toEqual([1, 0])
  expect(server.requests('presence').map(({ data }) => data)).toContainEqual({})
})

it('is two tabs of one user by two clients', async () => {
  const { server, client } = world()
  const second = new ChannelsClient({ ...server.options, transport: 'ws' })
  const room = PresenceRoom.of(client, 'shop.Product', 1)
  room.subscribe(() => undefined)
  room.enter({ n: 1 })
  await settle(500)
  PresenceRoom.of(second, 'shop.Product', 1).enter({ n: 2 })
  await settle(500)
  expect(room.getState()).toMatchObject({ others: [], members: [{ tabs: [{ meta: { n: 1 } }, { meta: { n: 2 } }] }] })
  second.close()
  await settle(500)
  expect(room.getState()).toMatchObject({ members: [{ tabs: [{ meta: { n: 1 } }] }] })
})
