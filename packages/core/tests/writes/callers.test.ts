import { BindingError } from '@channels-binding/core'
import { type PendingWrite, type WriteStore, Writes } from '@channels-binding/core/writes'
import { expect, it } from 'vitest'
import { fakeClock, settle, type World, world } from '../helpers.js'

fakeClock()

/** A page of Ann's that shows all products. */
async function page(): Promise<World & { writes: Writes; names: () => unknown[] }> {
  const made = world()
  made.server.hello = { ...made.server.hello, user: '1' }
  made.client.live('shop.Product', 'list', {})
  await settle()
  return {
    ...made,
    writes: Writes.of(made.client),
    names: () => made.server.rows('shop.Product').map(row => row.name),
  }
}

const rename = (id: number, name: string) => ({ stream: 'shop.Product', action: 'save' as const, id, values: { name } })

/** Signs somebody else in while there is no connection, as another tab does. */
async function comesBackAs(user: string, { server }: World): Promise<void> {
  server.hello = { ...server.hello, user }
  server.close(4500)
  server.release()
  await settle(10_000)
}

it('does not send again as another what was on its way, and sends it once its user is back', async () => {
  const made = await page()
  const { server, writes, names } = made
  server.hold()
  writes.write(rename(1, 'of Ann')).catch(() => undefined)
  await settle()
  await comesBackAs('2', made)
  await settle(60_000)
  expect(names()).toEqual(['Apple', 'Banana', 'Cherry'])
  expect(server.requests('save')).toHaveLength(1)
  await comesBackAs('1', made)
  await settle(60_000)
  expect(names()).toEqual(['of Ann', 'Banana', 'Cherry'])
  expect(writes.getSnapshot()).toEqual([])
})

it('does not send as another what waited behind what was on its way', async () => {
  const made = await page()
  const { server, writes, names } = made
  server.hold()
  for (const name of ['one', 'two']) writes.write(rename(1, name)).catch(() => undefined)
  await settle()
  await comesBackAs('2', made)
  await settle(60_000)
  expect(names()).toEqual(['Apple', 'Banana', 'Cherry'])
  await comesBackAs('1', made)
  await settle(60_000)
  expect(names()).toEqual(['two', 'Banana', 'Cherry'])
})

it('does not send a call with a key again as another', async () => {
  const made = await page()
  const { server, client, names } = made
  server.hold()
  const called = expect(client.update('shop.Product', 1, { name: 'of Ann' }, { key: 'k' })).rejects.toMatchObject({
    code: 'unavailable',
  })
  await settle()
  await comesBackAs('2', made)
  await called
  expect(names()).toEqual(['Apple', 'Banana', 'Cherry'])
})

it.each([
  ['1', ['of Ann', 'Banana', 'Cherry']],
  ['2', ['Apple', 'Banana', 'Cherry']],
])(
  'makes what was called while there was no connection for its own user alone, who is back as %s',
  async (user, shown) => {
    const made = await page()
    const { server, client, names } = made
    server.hello = { ...server.hello, user }
    server.close(4500)
    await settle(0)
    expect(client.getState().status).toBe('reconnecting')
    const read = client.retrieve('shop.Product', 2)
    const written = client.update('shop.Product', 1, { name: 'of Ann' }).then(
      () => 'written',
      (error: BindingError) => error.code,
    )
    await settle(10_000)
    expect(await written).toBe(user === '1' ? 'written' : 'unavailable')
    expect(await read).toMatchObject({ name: 'Banana' })
    expect(names()).toEqual(shown)
  },
)

it('keeps what is made without a connection for whoever has signed in on the last one', async () => {
  const made = await page()
  const { server, writes, names } = made
  server.system('cb.user', { user: '2' })
  await settle()
  server.bends.refuse = 1
  server.hello = { ...server.hello, user: '2' }
  server.close(4500)
  await settle()
  writes.write(rename(1, 'of Ben')).catch(() => undefined)
  await settle(60_000)
  expect(names()).toEqual(['of Ben', 'Banana', 'Cherry'])
})

/** A page of Ann's whose change waits, on which Ben has signed in. */
async function handedOver() {
  const made = await page()
  made.server.bends.refuse = 1
  made.server.close(4500)
  await settle()
  made.writes.write({ ...rename(1, 'of Ann'), isOptimistic: true }).catch(() => undefined)
  expect(made.writes.getSnapshot()).toMatchObject([{ user: '1', state: 'waiting' }])
  made.server.hello = { ...made.server.hello, user: '2' }
  await settle(10_000)
  return made
}

it('shows nobody what waits of another, and holds nobody up by it', async () => {
  const made = await handedOver()
  const { writes, names } = made
  expect(writes.getSnapshot()).toEqual([])
  const done = writes.write(rename(2, 'of Ben'))
  await settle(1_000)
  await expect(done).resolves.toMatchObject({ success: true })
  expect(names()).toEqual(['Apple', 'of Ben', 'Cherry'])
  await comesBackAs('1', made)
  await settle(60_000)
  expect(names()).toEqual(['of Ann', 'of Ben', 'Cherry'])
})

it('does not take a change for the equal one of another', async () => {
  const { writes, names } = await handedOver()
  void writes.write(rename(1, 'of Ann'))
  await settle(1_000)
  expect(names()).toEqual(['of Ann', 'Banana', 'Cherry'])
  expect(writes.getSnapshot()).toEqual([])
})

it('lets everybody have as many that wait as there may be', async () => {
  const made = world({ writes: { max: 1 } })
  made.server.hello = { ...made.server.hello, user: '1' }
  const writes = Writes.of(made.client)
  made.client.connect()
  await settle()
  made.server.bends.refuse = 1
  made.server.close(4500)
  await settle()
  writes.write(rename(1, 'of Ann')).catch(() => undefined)
  await expect(writes.write(rename(2, 'of Ann'))).rejects.toMatchObject({ code: 'limit_exceeded' })
  made.server.hello = { ...made.server.hello, user: '2' }
  await settle(10_000)
  const done = writes.write(rename(2, 'of Ben'))
  await settle(1_000)
  await expect(done).resolves.toMatchObject({ success: true })
})

const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'made',
    (error: BindingError) => error.code,
  )

it.each([{}, { key: 'k' }])(
  'does not make as another what is called on a connection that has not said whose it is: %j',
  async options => {
    const made = await page()
    const { server, client, names } = made
    server.hello = { ...server.hello, user: '2' }
    server.bends.delayMs = 100
    server.close(4500)
    await settle(250)
    expect(client.getState()).toMatchObject({ status: 'open', user: '1' })
    const call = refusal(client.update('shop.Product', 1, { name: 'of Ann' }, options))
    const ofAll = refusal(client.batch([{ event: 'shop.Product.delete', data: { id: 2 } }]))
    const own = refusal(client.call('shop.Product.close' as never, { id: 1 } as never))
    await settle(10_000)
    expect(client.getState().user).toBe('2')
    expect([await call, await ofAll, await own]).toEqual(['unavailable', 'unavailable', 'unavailable'])
    expect(names()).toEqual(['Apple', 'Banana', 'Cherry'])
    expect(['update', 'batch', 'close'].flatMap(action => server.requests(action))).toEqual([])
  },
)

it('sends what is called before any hello once, to whom the first one names', async () => {
  const { client, server } = world()
  server.bends.silent = true
  const call = client.update('shop.Product', 1, { name: 'early' }, { key: 'k' })
  await settle()
  server.hello = { ...server.hello, user: '2' }
  server.bends.silent = false
  server.close(1006)
  await settle(1_000)
  await call
  expect(server.requests('update')).toHaveLength(1)
})

it('does not send a call again as who has come onto the same connection after it', async () => {
  const made = await page()
  const { server, client } = made
  server.hold()
  const call = refusal(client.update('shop.Product', 1, { name: 'of Ann' }, { key: 'k' }))
  await settle()
  server.system('cb.user', { user: '2' })
  await settle()
  await comesBackAs('2', made)
  expect(await call).toBe('unavailable')
  expect(server.requests('update')).toHaveLength(1)
})

it('waits for the token to say who it is where a cookie has said another, and keeps what is called meanwhile', async () => {
  const made = world({ token: 'of-ben' })
  const { server, client } = made
  const ask = (): void => {
    server.users = null // the handshake is let in by its cookie
    server.bends.fail = ({ event }) => {
      if (event === 'cb.auth') server.users = { 'of-ben': '2' }
      return null
    }
  }
  server.hello = { ...server.hello, user: '1' }
  ask()
  client.connect()
  await settle()
  expect(client.getState().user).toBe('2')
  ask()
  const users: unknown[] = []
  client.onState(() => users.push(client.getState().user))
  server.close(4500)
  await settle(0)
  const call = refusal(client.update('shop.Product', 1, { name: 'of Ben' }))
  await settle(1_000)
  expect(await call).toBe('made')
  expect(users).not.toContain('1')
})

it('sends nothing while another token is on its way, and then for whom it was called', async () => {
  const made = world({ token: 'of-ann' })
  const { server, client } = made
  server.users = { 'of-ann': '1', 'of-ben': '2' }
  client.connect()
  await settle()
  expect(client.getState().user).toBe('1')
  const asked = client.auth('of-ben')
  const call = refusal(client.update('shop.Product', 1, { name: 'of Ann' }))
  await asked
  await settle()
  expect(client.getState().user).toBe('2')
  expect([await call, server.requests('update')]).toEqual(['unavailable', []])
})

it('goes on as who it was where another token is refused', async () => {
  const made = world({ token: 'of-ann' })
  const { server, client } = made
  server.users = { 'of-ann': '1' }
  client.connect()
  await settle()
  const asked = refusal(client.auth('of-nobody'))
  const call = refusal(client.update('shop.Product', 1, { name: 'of Ann' }))
  await settle()
  expect([await asked, await call]).toEqual(['unauthenticated', 'made'])
  expect(client.isKnown).toBe(true)
})

it('knows whose a write is that was made before any hello, from the first one on', async () => {
  const kept: PendingWrite[] = []
  const persist: WriteStore = {
    load: async () => [],
    put: async write => void kept.push(write),
    remove: async () => undefined,
  }
  const { client, server } = world({ writes: { persist } })
  server.hello = { ...server.hello, user: '1' }
  server.bends.fail = ({ key }) => (key ? new BindingError('throttled', 'Slowly.', { retry_after: 3 }) : null)
  const writes = Writes.of(client)
  writes.write(rename(1, 'early')).catch(() => undefined)
  await settle(1_000)
  expect(kept.at(-1)).toMatchObject({ user: '1' })
})
