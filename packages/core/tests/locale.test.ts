import { BindingError } from '@channels-binding/core'
import { expect, it } from 'vitest'
import { fakeClock, settle, world } from './helpers.js'

fakeClock()

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
