import { BindingError } from '@channels-binding/core'
import { expect, it, type Mock, vi } from 'vitest'
import { fakeClock, settle, type World, world } from '../helpers.js'

fakeClock()

const http = (options = {}): World => world({ transport: 'http', ...options })

async function answer<T>(call: Promise<T>): Promise<T> {
  call.catch(() => undefined)
  await settle(300)
  return call
}

/** How the last request was made. */
const initOf = (fetch: Mock<typeof globalThis.fetch>): RequestInit => fetch.mock.lastCall?.[1] ?? {}

it('answers calls as a socket does', async () => {
  const { client, server } = world(
    { transport: 'http' },
    { fields: [{ name: 'name', type: 'CharField', widget: 'TextInput', label: 'Name' }] },
  )
  server.handle('game.hunger.food', data => ({ fed: data.amount }))
  expect(await answer(client.search('shop.Product', { limit: 1 }))).toMatchObject({ count: 3, rows: [{ id: 1 }] })
  expect(await answer(client.create('shop.Product', { name: 'Date' }))).toMatchObject({ success: true, id: 4 })
  expect(await answer(client.update('shop.Product', 4, { stock: 2 }))).toMatchObject({ success: true, id: 4 })
  expect(await answer(client.form('shop.Product', 4))).toMatchObject({ fields: [{ value: 'Date' }] })
  expect(await answer(client.submitForm('shop.Product', { name: 'Fig' }, { id: 4 }))).toMatchObject({ success: true })
  expect(await answer(client.retrieve('shop.Product', 4))).toMatchObject({ name: 'Fig' })
  expect(await answer(client.delete('shop.Product', 4))).toEqual({ success: true, id: 4 })
  expect(await answer(client.describe('shop.Product'))).toMatchObject({ stream: 'shop.Product' })
  expect(await answer(client.call('game.hunger.food', { amount: 2 }))).toEqual({ fed: 2 })
  expect(await answer(client.batch([{ event: 'shop.Product.delete', data: { id: 1 } }]))).toMatchObject({
    success: true,
  })
  await expect(answer(client.retrieve('shop.Product', 99))).rejects.toMatchObject({ code: 'not_found', status: 404 })
})

it('measures, and follows what others do', async () => {
  const { client, server } = world({ transport: 'http' }, { aggregates: { measures: { stock: ['sum'] } } })
  const asked = { measures: ['count', 'sum:stock'] } as const
  const live = client.live('shop.Product', 'aggregate', asked)
  expect((await answer(client.aggregate('shop.Product', asked))).rows).toMatchObject([{ count: 3, 'sum:stock': 60 }])
  server.insert('shop.Product', { name: 'Date', stock: 5 })
  await settle(300)
  expect(live.getSnapshot()).toMatchObject({ isLive: true, data: { rows: [{ count: 4, 'sum:stock': 65 }] } })
  client.close()
})

it('sends who it is, the key and the version with each request', async () => {
  const { client, server } = world({ transport: 'ws' })
  const fetch = vi.fn(server.fetch)
  const mine = http({ fetch, token: 'secret' }).client
  await answer(mine.update('shop.Product', 1, { stock: 1 }, { key: 'k', ifVersion: 'a1' }).catch(() => undefined))
  const { headers, method, credentials } = initOf(fetch)
  expect({ method, credentials }).toEqual({ method: 'POST', credentials: 'same-origin' })
  expect(headers).toMatchObject({
    Authorization: 'Bearer secret',
    'Idempotency-Key': 'k',
    'If-Match': '"a1"',
    'X-CSRFToken': 'token',
  })
  client.close()
})

it('finds out which word the server knows before a token', async () => {
  const { server } = world()
  const fetch = vi.fn(async (input: string | URL | Request, init?: RequestInit) =>
    new Headers(init?.headers).get('Authorization')?.startsWith('Token ') ? server.fetch(input, init) : refusal(),
  )
  const refusal = (): Response => new Response('{"code":"unauthenticated"}', { status: 401 })
  server.users = { secret: 'Ann' }
  const { client } = http({ fetch, token: 'secret' })
  client.connect()
  await settle()
  expect(client.getState()).toMatchObject({ status: 'open', user: 'Ann' })
})

it('shows that a session has ended in the middle of it', async () => {
  const { client, server } = http()
  const read = client.live('shop.Product', 'search', {})
  await settle(100)
  server.bends.signedOut = true
  await expect(answer(client.describe('shop.Product'))).rejects.toMatchObject({ code: 'unauthenticated' })
  expect(client.getState().status).toBe('unauthorized')
  expect(read.getSnapshot().error?.code).toBe('unauthenticated')
})

it('brings the reply to a write after the changes that it makes', async () => {
  const { client, server } = http()
  const seen: unknown[] = []
  client.live('shop.Product', 'search', {}, state => seen.push(state.data?.rows[0]?.stock))
  await settle(100)
  void client.update('shop.Product', 1, { stock: 11 }).then(() => seen.push('reply'))
  await settle(300)
  expect(seen).toEqual([10, 11, 'reply'])
  server.bends.buffered = true
  client.reconnect()
  await settle(3_500)
  void client.update('shop.Product', 1, { stock: 12 }).then(() => seen.push('reply'))
  await settle()
  expect(seen.slice(-2)).toEqual([12, 'reply'])
})

it('asks again and again where streams are held back', async () => {
  const { client, server } = http({ pollMs: 2_000 })
  server.bends.buffered = true
  const read = client.live('shop.Product', 'search', {})
  await settle(100)
  expect(read.getSnapshot().data?.count).toBe(3)
  await settle(3_000)
  server.remove('shop.Product', 1)
  await settle(2_500)
  expect(read.getSnapshot().data?.count).toBe(2)
  expect(client.stats.divergences).toBe(0)
})

it('leaves connections to the host for calls, however many reads there are', async () => {
  const { client, server } = http()
  const reads = Array.from({ length: 9 }, (_, n) => client.live('shop.Product', 'search', { limit: n + 1 }))
  await settle(200)
  expect(server.liveReads).toBe(4)
  server.update('shop.Product', 1, { name: 'Pear' })
  await settle(3_100)
  for (const read of reads) expect(read.getSnapshot().data?.rows[0]).toMatchObject({ name: 'Pear' })
  for (const read of reads) read.unsubscribe()
  await settle(2_000)
  expect(server.liveReads).toBe(0)
})

it('comes back where the server goes and returns', async () => {
  const { client, server } = http()
  const read = client.live('shop.Product', 'search', {})
  await settle(100)
  server.bends.unreachable = 3
  await expect(answer(client.create('shop.Product', { name: 'Fig' }))).rejects.toMatchObject({ code: 'unavailable' })
  expect(client.getState().status).not.toBe('open')
  await settle(10_000)
  expect(client.getState()).toMatchObject({ status: 'open', transport: 'http' })
  server.update('shop.Product', 1, { name: 'Plum' })
  await settle(100)
  expect(read.getSnapshot()).toMatchObject({ isLive: true, data: { rows: [{ name: 'Plum' }, {}, {}] } })
})

it('ends a read with what the server says against it', async () => {
  const { client, server } = http()
  const read = client.live('shop.Product', 'search', {})
  const none = client.live('shop.Product', 'retrieve', { id: 77 })
  await settle(100)
  expect(none.getSnapshot().error?.code).toBe('not_found')
  server.withdraw('shop.Product')
  await settle(100)
  expect(read.getSnapshot().error?.code).toBe('forbidden')
})

it('speaks another language, and says that it cannot speak of another time', async () => {
  const { server } = world()
  const fetch = vi.fn(server.fetch)
  const { client } = http({ fetch })
  expect(await answer(client.setLocale({ language: 'de' }))).toMatchObject({ language: 'de' })
  await answer(client.describe('shop.Product').catch(() => undefined))
  expect(initOf(fetch).headers).toMatchObject({ 'Accept-Language': 'de' })
  await expect(answer(client.setLocale({ timezone: 'Asia/Tokyo' }))).rejects.toMatchObject({
    code: 'method_not_allowed',
  })
})

it('takes another token without losing what is shown', async () => {
  const { client, server } = http({ token: 'a' })
  server.users = { a: 'Ann', b: 'Ben' }
  const read = client.live('shop.Product', 'search', {})
  await settle(100)
  expect(client.getState().user).toBe('Ann')
  expect(await answer(client.auth('b'))).toMatchObject({ success: true })
  expect(client.getState().user).toBe('Ben')
  await expect(answer(client.auth('c'))).rejects.toMatchObject({ code: 'unauthenticated' })
  expect([client.getState().user, read.getSnapshot().status]).toEqual(['Ben', 'success'])
})

it('pushes no events of handlers, which need a socket', async () => {
  const { client, server } = http()
  const heard = vi.fn()
  client.subscribeStream('game.hunger', heard)
  await settle(100)
  server.dispatch('game.hunger.full', {})
  await settle(100)
  expect(heard).not.toHaveBeenCalled()
  expect(client.getState().status).toBe('open')
})

it('reports a refusal that is no answer of ours', async () => {
  const { server } = world()
  let page: Response | null = null
  const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    page && !String(input).endsWith('hello/') ? Promise.resolve(page.clone()) : server.fetch(input, init)
  const { client } = http({ fetch: fetch as typeof globalThis.fetch })
  for (const [status, code] of [
    [502, 'unavailable'],
    [413, 'too_large'],
    [418, 'internal'],
  ] as const) {
    page = new Response('<html>', { status })
    const error = await answer(client.describe('shop.Product')).catch(reason => reason)
    expect(error).toBeInstanceOf(BindingError)
    expect(error).toMatchObject({ code, status })
  }
})

it('says that a user is not wanted where the greeting is refused', async () => {
  const fetch = async (): Promise<Response> =>
    new Response('{"code":"forbidden","message":"Not you."}', { status: 403 })
  const { client } = http({ fetch: fetch as typeof globalThis.fetch })
  client.connect()
  await settle()
  expect(client.getState()).toMatchObject({ status: 'unauthorized', lastError: { code: 'forbidden' } })
})

it('asks for the word before a token only where none is given', async () => {
  const words: (string | null)[] = []
  const fetch = async (_input: unknown, init?: RequestInit): Promise<Response> => {
    words.push(new Headers(init?.headers).get('Authorization'))
    return new Response('{"code":"unauthenticated"}', { status: 401 })
  }
  const { client } = http({ fetch: fetch as typeof globalThis.fetch, token: 't', tokenScheme: 'JWT' })
  client.connect()
  await settle()
  expect(words).toEqual(['JWT t'])
})

it('learns from a live read that the session is over', async () => {
  const { client, server } = http()
  const read = client.live('shop.Product', 'search', {})
  await settle(100)
  server.bends.signedOut = true
  client.live('shop.Product', 'search', { limit: 2 })
  await settle(500)
  expect(client.getState().status).toBe('unauthorized')
  expect(read.getSnapshot().error?.code).toBe('unauthenticated')
})

it('makes a call for its own user alone, and finds out who has signed in since, in another tab', async () => {
  let csrf = 'of-ann'
  const fetch = vi.fn(async (...[url, init]: Parameters<typeof globalThis.fetch>) => {
    const isStale = init?.method === 'POST' && new Headers(init.headers).get('X-CSRFToken') !== csrf
    if (isStale) return Response.json({ code: 'forbidden', status: 403, message: 'CSRF Failed' }, { status: 403 })
    const response = await made.server.fetch(url, init)
    return String(url).endsWith('hello/') ? Response.json({ ...(await response.json()), csrf }) : response
  })
  const made: World = http({ fetch })
  const { client, server } = made
  server.hello = { ...server.hello, user: '1' }
  await answer(client.update('shop.Product', 1, { name: 'of Ann' }))
  csrf = 'of-ben'
  server.hello = { ...server.hello, user: '2' }
  await expect(answer(client.update('shop.Product', 2, { name: 'of Ann' }))).rejects.toMatchObject({
    code: 'forbidden',
  })
  expect(client.getState()).toMatchObject({ status: 'open', user: '2' })
  await answer(client.update('shop.Product', 3, { name: 'of Ben' }))
  expect(server.rows('shop.Product').map(row => row.name)).toEqual(['of Ann', 'Banana', 'of Ben'])
})
