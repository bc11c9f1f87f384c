import { BindingError, type ChannelsClient } from '@channels-binding/core'
import { type PendingWrite, type WriteInput, type WriteStore, Writes } from '@channels-binding/core/writes'
import { expect, it, vi } from 'vitest'
import { fakeClock, settle, type World, world } from '../helpers.js'

fakeClock()

const change = (id: number, values: Record<string, unknown>): WriteInput => ({
  stream: 'shop.Product',
  action: 'save',
  id,
  values,
})

/** A client that shows all products, and its writes. */
async function shown(options = {}): Promise<World & { writes: Writes; name: (id: number) => unknown }> {
  const made = world(options)
  made.client.live('shop.Product', 'list', {})
  await settle()
  const name = (id: number): unknown => made.server.rows('shop.Product').find(row => row.id === id)?.name
  return { ...made, writes: Writes.of(made.client), name }
}

/** What became of a promise. */
function outcome(promise: Promise<unknown>): { value?: unknown; error?: BindingError } {
  const found: { value?: unknown; error?: BindingError } = {}
  promise.then(
    value => {
      found.value = value
    },
    error => {
      found.error = error
    },
  )
  return found
}

const offline = async ({ server }: World): Promise<void> => {
  server.bends.refuse = Number.POSITIVE_INFINITY
  server.close(4500)
  await settle()
}

const online = async ({ server }: World): Promise<void> => {
  server.bends.refuse = 0
  await settle(20_000)
}

it('sends what the user saw, and merges what others have changed beside it', async () => {
  const { server, writes, name } = await shown()
  server.hold()
  const mine = outcome(writes.write(change(1, { name: 'Apfel' })))
  await settle()
  server.update('shop.Product', 1, { stock: 11 })
  server.release()
  await settle()
  expect(mine.value).toMatchObject({ success: true })
  expect(server.rows('shop.Product')[0]).toMatchObject({ name: 'Apfel', stock: 11 })
  expect(server.requests('save').map(({ if: version }) => version)).toEqual([expect.any(String), expect.any(String)])
  expect(name(1)).toBe('Apfel')
})

it('tells of what others have written in the same field, and writes nothing over it', async () => {
  const { server, writes, name } = await shown()
  server.hold()
  const mine = outcome(writes.write(change(1, { name: 'Apfel' })))
  await settle()
  server.update('shop.Product', 1, { name: 'Pomme' })
  server.release()
  await settle()
  expect(mine.error).toMatchObject({ code: 'precondition_failed', current: { name: 'Pomme' } })
  expect(name(1)).toBe('Pomme')
  expect(writes.getSnapshot()).toEqual([])
})

it('does not take its own earlier change for that of another', async () => {
  const { writes, name } = await shown()
  const all = Promise.all(['A', 'B', 'C'].map(each => writes.write(change(1, { name: each }))))
  await settle()
  await all
  expect(name(1)).toBe('C')
})

it('writes once what is asked twice before the answer, and again what is asked after another', async () => {
  const { server, writes } = await shown()
  const create: WriteInput = { stream: 'shop.Product', action: 'create', values: { name: 'Date' } }
  expect(writes.write(create)).toBe(writes.write({ ...create }))
  await settle()
  expect(server.rows('shop.Product')).toHaveLength(4)
  const first = writes.write(change(1, { name: 'B' }))
  const second = writes.write(change(1, { name: 'A' }))
  const third = writes.write(change(1, { name: 'B' }))
  expect(third).not.toBe(first)
  await settle()
  await Promise.all([first, second, third])
  expect(server.rows('shop.Product')[0]?.name).toBe('B')
})

it('keeps what is made without a connection in order, shows it, and sends each once', async () => {
  const made = await shown()
  const { server, writes, name } = made
  await offline(made)
  const done = [
    outcome(writes.write(change(1, { name: 'one' }))),
    outcome(writes.write({ stream: 'shop.Product', action: 'create', values: { name: 'made' } })),
    outcome(writes.write(change(1, { name: 'two' }))),
    outcome(writes.write({ stream: 'shop.Product', action: 'delete', id: 3 })),
  ]
  await settle(60_000)
  expect(writes.getSnapshot().map(({ action, state }) => `${action} ${state}`)).toEqual([
    'save waiting',
    'create waiting',
    'save waiting',
    'delete waiting',
  ])
  await online(made)
  for (const each of done) expect(each.value).toMatchObject({ success: true })
  expect(server.rows('shop.Product').map(row => row.name)).toEqual(['two', 'Banana', 'made'])
  expect(name(1)).toBe('two')
  const sent = server.received.filter(({ key }) => key).map(({ event }) => event.split('.').at(-1))
  expect(sent).toEqual(['save', 'create', 'save', 'delete'])
})

it('makes a write once whose reply was lost', async () => {
  const made = await shown()
  const { server, writes } = made
  server.bends.silent = true
  const done = outcome(writes.write({ stream: 'shop.Product', action: 'create', values: { name: 'Date' } }))
  await settle()
  expect(server.rows('shop.Product')).toHaveLength(4)
  server.bends.silent = false
  server.close(4500)
  await settle(5_000)
  expect(done.value).toMatchObject({ success: true, id: 4 })
  expect(server.rows('shop.Product')).toHaveLength(4)
})

it('holds no more than it may', async () => {
  const made = await shown({ writes: { max: 2 } })
  await offline(made)
  for (const id of [1, 2]) void made.writes.write(change(id, { name: 'x' }))
  const third = outcome(made.writes.write(change(3, { name: 'x' })))
  await settle()
  expect(third.error).toMatchObject({ code: 'limit_exceeded', limit: 2 })
})

it('keeps what is refused after it had waited, to be sent again or given up', async () => {
  const made = await shown()
  const { server, writes, name } = made
  await offline(made)
  const mine = outcome(writes.write(change(1, { name: 'mine' })))
  const other = outcome(writes.write(change(2, { name: 'mine' })))
  server.update('shop.Product', 1, { name: 'theirs' })
  server.update('shop.Product', 2, { name: 'theirs' })
  await online(made)
  for (const each of [mine, other]) expect(each.error).toMatchObject({ code: 'precondition_failed' })
  const [first, second] = writes.getSnapshot() as [PendingWrite, PendingWrite]
  expect(first).toMatchObject({ state: 'refused', error: { current: { name: 'theirs' } }, base: { name: 'Apple' } })
  writes.retry(first.key)
  writes.drop(second.key)
  await settle()
  expect([name(1), name(2), writes.getSnapshot()]).toEqual(['mine', 'theirs', []])
})

it('waits as long as a busy server asks for', async () => {
  const { server, writes, name } = await shown()
  server.bends.fail = ({ key }) => (key ? new BindingError('throttled', 'Slowly.', { retry_after: 3 }) : null)
  const done = outcome(writes.write(change(1, { name: 'x' })))
  await settle(2_000)
  expect([done, name(1)]).toEqual([{}, 'Apple'])
  server.bends.fail = null
  await settle(1_500)
  expect([done.value, name(1)]).toEqual([expect.objectContaining({ success: true }), 'x'])
})

it('lets only what is written to the same stream wait while the server wants no more of it', async () => {
  const { server, writes, name } = await shown()
  server.bind('shop.Order', { rows: [{ id: 1, note: 'old' }] })
  const order = { stream: 'shop.Order', action: 'save', id: 1, values: { note: 'new' } } as const
  const isProduct = (event: string): boolean => event.startsWith('shop.Product')
  const slowly = new BindingError('throttled', 'Slowly.', { retry_after: 3 })
  server.bends.fail = ({ event, key }) => (key && isProduct(event) ? slowly : null)
  const first = outcome(writes.write(change(1, { name: 'x' })))
  await settle(100)
  const [other, second] = [outcome(writes.write(order)), outcome(writes.write(change(2, { name: 'y' })))]
  await settle(100)
  expect(server.rows('shop.Order')[0]).toMatchObject({ note: 'new' })
  expect(other.value).toMatchObject({ success: true })
  expect(server.requests('save').filter(({ event }) => isProduct(event))).toHaveLength(1)
  server.bends.fail = null
  await settle(3_500)
  expect([first.value, second.value]).toEqual([
    expect.objectContaining({ success: true }),
    expect.objectContaining({ success: true }),
  ])
  expect([name(1), name(2)]).toEqual(['x', 'y'])
})

it('waits for an answer that is asked for in a month, and does not ask all the time', async () => {
  const { server, writes } = await shown()
  server.bends.fail = ({ key }) => (key ? new BindingError('throttled', 'Slowly.', { retry_after: 30 * 86_400 }) : null)
  outcome(writes.write(change(1, { name: 'x' })))
  await settle(10_000)
  expect(server.requests('save')).toHaveLength(1)
})

it('sends nothing as somebody else, and tells at once that nobody is signed in', async () => {
  const made = await shown()
  const { server, client, writes, name } = made
  await offline(made)
  const waiting = outcome(writes.write(change(1, { name: 'Ann' })))
  server.bends.signedOut = true
  await online(made)
  expect(client.getState().status).toBe('unauthorized')
  expect(waiting.error?.code).toBe('unauthenticated')
  expect(outcomeNow(await settled(writes.write(change(2, { name: 'x' }))))).toBe('unauthenticated')
  server.bends.signedOut = false
  server.hello = { ...server.hello, user: { id: 2, name: 'Ben' } }
  client.reconnect()
  await settle(1_000)
  expect([name(1), writes.getSnapshot().length]).toEqual(['Apple', 0]) // it is Ann's, and nobody else's to see
})

const settled = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)
const outcomeNow = (error: unknown): unknown => (error as BindingError).code

/** Keeps writes as a page's database does. */
function memory(kept: PendingWrite[] = []): WriteStore & { kept: PendingWrite[] } {
  const store = {
    kept,
    load: async () => [...store.kept],
    put: async (write: PendingWrite) => {
      const place = store.kept.findIndex(each => each.key === write.key)
      if (place < 0) store.kept.push(write)
      else store.kept[place] = write
    },
    remove: async (key: string) => {
      store.kept = store.kept.filter(each => each.key !== key)
    },
  }
  return store
}

it('survives a reload, in order, and is sent once even if it was on its way', async () => {
  const store = memory()
  const made = await shown({ writes: { persist: store } })
  const { server, client } = made
  await offline(made)
  made.writes.write(change(1, { name: 'one' })).catch(() => undefined)
  made.writes.write({ stream: 'shop.Product', action: 'create', values: { name: 'made' } }).catch(() => undefined)
  await settle()
  server.bends.refuse = 0
  server.bends.drop = 3
  await settle(500)
  client.close()
  const kept = JSON.parse(JSON.stringify(store.kept)) as PendingWrite[]
  server.bends.drop = 0
  const after = reloaded(made, memory(kept))
  await settle(5_000)
  expect(server.rows('shop.Product').map(row => row.name)).toEqual(['one', 'Banana', 'Cherry', 'made'])
  expect(Writes.of(after).getSnapshot()).toEqual([])
})

function reloaded({ server }: World, persist: WriteStore): ChannelsClient {
  const { client } = world({ ...server.options, writes: { persist } })
  Writes.of(client)
  return client
}

it('sends what another page has left, when its store finds it', async () => {
  const store = memory()
  let found: (writes: readonly PendingWrite[]) => void = () => undefined
  const persist: WriteStore = {
    ...store,
    load: async later => {
      found = later ?? found
      return []
    },
  }
  const made = await shown({ writes: { persist } })
  const { server, client } = made
  await offline(made)
  made.writes.write(change(1, { name: 'one' })).catch(() => undefined)
  await settle()
  const left = store.kept.map(write => ({
    ...write,
    key: 'left',
    id: 2,
    values: { name: 'two' },
    base: null,
    ifVersion: null,
  }))
  found(left)
  found(left) // once
  await settle()
  expect(Writes.of(client).getSnapshot()).toHaveLength(2)
  await online(made)
  await settle(5_000)
  expect(server.rows('shop.Product').map(row => row.name)).toEqual(['one', 'two', 'Cherry'])
  expect(Writes.of(client).getSnapshot()).toEqual([])
})

it('does without a store that does not work', async () => {
  const broken = {
    load: vi.fn(async () => Promise.reject(new Error('no'))),
    put: vi.fn(async () => Promise.reject(new Error('no'))),
    remove: vi.fn(async () => Promise.reject(new Error('no'))),
  }
  const made = await shown({ writes: { persist: broken } })
  await offline(made)
  const done = outcome(made.writes.write(change(1, { name: 'x' })))
  await online(made)
  expect(done.value).toMatchObject({ success: true })
  expect(broken.put).toHaveBeenCalled()
})
