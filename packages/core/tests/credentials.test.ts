import { BindingError } from '@channels-binding/core'
import { expect, it, vi } from 'vitest'
import { Credentials } from '../src/credentials.js'
import { fakeClock, settle, world } from './helpers.js'

fakeClock()

const USERS = { 'tok-ann': '1', 'tok-ann-2': '1', 'tok-bob': '2' }

/** A world whose server knows people by tokens. */
const guarded = (options: Parameters<typeof world>[0], tokenSeconds: number | null = null) => {
  const made = world(options)
  made.server.users = USERS
  made.server.tokenSeconds = tokenSeconds
  return made
}

const tokensOf = (server: ReturnType<typeof world>['server']): unknown[] =>
  server.received.filter(each => each.event === 'cb.auth').map(each => (each.data as { token: string }).token)

it('says who it is in its first frame, before everything else', async () => {
  const { client, server } = guarded({ token: 'tok-ann' })
  const row = client.retrieve('shop.Product', 1)
  const live = client.live('shop.Product', 'search', {})
  await settle()
  const first = JSON.parse(server.frames[0] ?? '[]') as { event: string }[]
  expect(first[0]).toMatchObject({ event: 'cb.auth', data: { token: 'tok-ann' } })
  expect(await row).toMatchObject({ name: 'Apple' })
  expect(client.getState()).toMatchObject({ status: 'open', user: '1' })
  live.unsubscribe()
})

it('can say it in the handshake instead', async () => {
  const offered: string[][] = []
  const { client, server } = guarded({ token: () => 'tok-ann', tokenIn: 'subprotocol' })
  const accept = server.accept.bind(server)
  vi.spyOn(server, 'accept').mockImplementation((peer, protocols) => {
    offered.push([...protocols])
    return accept(peer, protocols)
  })
  client.connect()
  await settle()
  expect(offered).toEqual([['cb.1.json', 'bearer.tok-ann']])
  expect(tokensOf(server)).toEqual([])
  expect(client.getState()).toMatchObject({ status: 'open', user: '1' })
})

it('asks for a token each time it connects', async () => {
  const token = vi.fn(async () => 'tok-ann')
  const { client, server } = guarded({ token })
  client.connect()
  await settle()
  server.close(4500)
  await settle(250)
  expect(token).toHaveBeenCalledTimes(2)
  expect(client.getState().status).toBe('open')
})

it('is unauthorized with a token that the server does not take, and tells so', async () => {
  const onUnauthorized = vi.fn()
  const { client } = guarded({ token: 'wrong', onUnauthorized })
  const call = client.retrieve('shop.Product', 1).catch(error => error)
  await settle()
  expect(await call).toMatchObject({ code: 'unauthenticated' })
  expect(client.getState()).toMatchObject({ status: 'unauthorized', lastError: { code: 'unauthenticated' } })
  expect(onUnauthorized).toHaveBeenCalledExactlyOnceWith(4401)
})

it('is unauthorized as well where the server would let it in as somebody else', async () => {
  const { client, server } = world({ token: 'wrong' })
  server.bends.fail = request =>
    request.event === 'cb.auth' ? new BindingError('unauthenticated', 'No such token.') : null
  client.connect()
  await settle()
  expect(client.getState().status).toBe('unauthorized')
})

it('renews a token before it is over, without a new connection', async () => {
  const tokens = ['tok-ann', 'tok-ann-2', 'tok-ann']
  const { client, server } = guarded({ token: () => tokens.shift() ?? null, heartbeat: false }, 300)
  client.connect()
  await settle()
  await settle(269_000)
  expect(tokensOf(server)).toEqual(['tok-ann'])
  await settle(2_000)
  expect(tokensOf(server)).toEqual(['tok-ann', 'tok-ann-2'])
  await settle(270_000)
  expect(tokensOf(server)).toEqual(['tok-ann', 'tok-ann-2', 'tok-ann'])
  expect(server.connections.size).toBe(1)
})

it('does not hurry when its tokens last for a moment only', async () => {
  const token = vi.fn(() => 'tok-ann')
  const { client } = guarded({ token, heartbeat: false }, 0)
  client.connect()
  await settle()
  await settle(5_500)
  expect(token.mock.calls.length).toBeLessThanOrEqual(7)
})

it('renews nothing once it is closed, and nothing that cannot be asked for', async () => {
  const token = vi.fn(() => 'tok-ann')
  const first = guarded({ token, heartbeat: false }, 100)
  first.client.connect()
  await settle()
  first.client.close()
  const second = guarded({ token: 'tok-ann', heartbeat: false }, 100)
  second.client.connect()
  await settle()
  await settle(200_000)
  expect(token).toHaveBeenCalledTimes(1)
  expect(tokensOf(second.server)).toEqual(['tok-ann'])
})

it('comes back once with a fresh token when the server says that the old one is over', async () => {
  const tokens = ['tok-ann', 'tok-ann-2', 'wrong', 'tok-ann']
  const onUnauthorized = vi.fn()
  const { client, server } = guarded({ token: () => tokens.shift() ?? null, onUnauthorized })
  const live = client.live('shop.Product', 'search', {})
  await settle()
  server.close(4401)
  await settle(250)
  expect(client.getState()).toMatchObject({ status: 'open', user: '1' })
  server.insert('shop.Product', { name: 'Date', stock: 1 })
  await settle()
  expect(live.getSnapshot().data?.rows).toHaveLength(4)
  server.close(4401)
  await settle(250)
  await settle(60_000)
  expect(client.getState().status).toBe('unauthorized')
  expect(onUnauthorized).toHaveBeenCalledTimes(1)
  expect(tokens).toEqual(['tok-ann'])
})

it('leaves a renewal that fails to the end of the old token', async () => {
  let isDown = false
  const token = async (): Promise<string> => {
    if (isDown) throw new Error('no network')
    return 'tok-ann'
  }
  const { client } = guarded({ token, heartbeat: false }, 100)
  client.connect()
  await settle()
  isDown = true
  await settle(90_000)
  expect(client.getState().status).toBe('open')
})

it('says later who it is, and keeps to it', async () => {
  const { client, server } = guarded({ token: () => 'tok-ann' })
  client.connect()
  await settle()
  await client.auth('tok-bob')
  expect(client.getState().user).toBe('2')
  server.close(4500)
  await settle(250)
  expect(tokensOf(server)).toEqual(['tok-ann', 'tok-bob', 'tok-bob'])
  await expect(client.auth('wrong')).rejects.toMatchObject({ code: 'unauthenticated' })
  expect(client.getState()).toMatchObject({ status: 'open', user: '2' })
})

it('shows no token in the log of the wire', async () => {
  const { client } = guarded({ token: 'tok-ann' })
  const frames: string[] = []
  client.onFrame(frame => frames.push(frame.text))
  client.connect()
  await settle()
  expect(frames.join()).toContain('cb.auth')
  expect(frames.join()).not.toContain('tok-ann')
})

it('says nothing of a token to a server without the protocol', async () => {
  const { client, server } = world({ token: 'tok-ann', subprotocol: null })
  client.connect()
  await settle()
  expect(server.received).toEqual([])
})

it('asks for nothing where there is no token', async () => {
  const credentials = new Credentials({ token: undefined, renew: async () => undefined })
  await credentials.resolve()
  expect(credentials.token).toBeNull()
  expect(credentials.redact('text')).toBe('text')
  expect(credentials.mayRenew()).toBe(false)
})

it('renews nothing of a token that lasts for ever, or that was written out', async () => {
  const renew = vi.fn(async () => undefined)
  const asked = new Credentials({ token: () => 'a', renew })
  await asked.resolve()
  asked.accepted(undefined)
  const written = new Credentials({ token: 'a', renew })
  await written.resolve()
  written.accepted(60)
  await settle(120_000)
  expect(renew).not.toHaveBeenCalled()
  expect([asked.mayRenew(), asked.mayRenew(), written.mayRenew()]).toEqual([true, false, false])
})

it('tells the server nothing where there is no other token', async () => {
  const renew = vi.fn(async () => undefined)
  const tokens = ['a', null]
  const credentials = new Credentials({ token: () => tokens.shift() ?? null, renew })
  await credentials.resolve()
  credentials.accepted(60)
  await settle(60_000)
  expect(credentials.token).toBeNull()
  expect(renew).not.toHaveBeenCalled()
})

it('shows no token that it offers either, whether the server takes it or not', async () => {
  const { client } = guarded({ token: 'tok-ann' })
  const frames: string[] = []
  client.onFrame(({ text }) => frames.push(text))
  client.connect()
  await settle()
  await client.auth('tok-bob')
  await expect(client.auth('tok-nobody')).rejects.toMatchObject({ code: 'unauthenticated' })
  await settle()
  expect(frames.filter(text => text.includes('cb.auth')).length).toBeGreaterThan(3)
  expect(frames.join()).not.toMatch(/tok-/)
})

it('does not renew a token of months over and over', async () => {
  const token = vi.fn(() => 'tok-ann')
  const { client, server } = guarded({ token }, 60 * 24 * 3_600)
  client.connect()
  await settle(60_000)
  expect([token.mock.calls.length, tokensOf(server)]).toEqual([1, ['tok-ann']])
})
