import { expect, it, vi } from 'vitest'
import { fakeClock, settle, world } from './helpers.js'

fakeClock()

it('hears what handlers reflect, dispatch and broadcast', async () => {
  const { client, server } = world()
  const heard: unknown[] = []
  server.handle('game.hunger.food', (data, { reflect, dispatch, broadcast }) => {
    reflect('food', { reflected: data })
    dispatch('sos', { life: 9 })
    broadcast('news', { all: true })
    return { ok: true }
  })
  for (const event of ['game.hunger.food', 'game.hunger.sos', 'game.hunger.news'])
    client.on(event, data => heard.push(data))
  expect(await client.call('game.hunger.food', { amount: 1 })).toEqual({ ok: true })
  expect(heard).toEqual([{ reflected: { amount: 1 } }, { life: 9 }, { all: true }])
})

it('brings a push with a hash to those who listen without one, and nothing to those who stopped', async () => {
  const { client, server } = world()
  const heard = vi.fn()
  const stop = client.on('game.hunger.sos', heard)
  await settle()
  server.broadcast('game.hunger.sos#h7', { life: 1 })
  await settle()
  expect(heard).toHaveBeenCalledExactlyOnceWith({ life: 1 })
  stop()
  server.broadcast('game.hunger.sos', { life: 2 })
  await settle()
  expect(heard).toHaveBeenCalledOnce()
})

it('keeps a stream subscribed for as long as anybody wants it, across reconnects', async () => {
  const { client, server } = world()
  const heard = vi.fn()
  const first = client.subscribeStream('game.hunger', heard)
  const second = client.subscribeStream('game.hunger')
  await settle()
  expect(server.requests('subscribe')).toHaveLength(1)
  server.close(4500)
  await settle(250)
  expect(server.requests('subscribe')).toHaveLength(2)
  server.dispatch('game.hunger.sos', { life: 1 })
  await settle()
  expect(heard).toHaveBeenCalledExactlyOnceWith('sos', { life: 1 })
  first()
  first()
  await settle()
  expect(server.requests('unsubscribe')).toHaveLength(0)
  second()
  await settle()
  expect(server.requests('unsubscribe')).toHaveLength(1)
})
