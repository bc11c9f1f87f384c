import type { BindingError } from '@channels-binding/core'
import { type WriteInput, Writes } from '@channels-binding/core/writes'
import { expect, it } from 'vitest'
import { fakeClock, settle, type World, world } from '../helpers.js'

fakeClock()

/** A client that shows some fields of all products, so that no live read has the version of a row. */
async function narrow(): Promise<World & { save: (values: object, base: object) => Promise<unknown> }> {
  const made = world()
  made.client.live('shop.Product', 'list', { fields: ['name'] })
  await settle()
  const save = (values: object, base: object): Promise<unknown> => {
    const write = { stream: 'shop.Product', action: 'save', id: 1, values, base } as WriteInput
    return Writes.of(made.client).write(write)
  }
  return { ...made, save }
}

const failure = async (promise: Promise<unknown>): Promise<BindingError> => {
  const caught = promise.then(
    () => undefined,
    error => error,
  )
  await settle()
  return (await caught) as BindingError
}

it('finds the version of a row of which some fields were seen, and sends it', async () => {
  const { server, save } = await narrow()
  const made = save({ name: 'Apfel' }, { id: 1, name: 'Apple' })
  await settle()
  expect(await made).toMatchObject({ success: true })
  expect(server.requests('save').map(({ if: version }) => version)).toEqual([expect.any(String)])
})

it('writes nothing over what others have written in the same field since it was seen', async () => {
  const { server, save } = await narrow()
  server.update('shop.Product', 1, { name: 'Pomme' })
  await settle()
  const error = await failure(save({ name: 'Apfel' }, { id: 1, name: 'Apple' }))
  expect(error).toMatchObject({ code: 'precondition_failed', current: { name: 'Pomme' } })
  expect(error.version).toEqual(expect.any(String))
  expect(server.requests('save')).toEqual([])
})

it('merges what others have written in another field since', async () => {
  const { server, save } = await narrow()
  server.update('shop.Product', 1, { stock: 11 })
  const made = save({ name: 'Apfel' }, { id: 1, name: 'Apple', stock: 10 })
  await settle()
  await made
  expect(server.rows('shop.Product')[0]).toMatchObject({ name: 'Apfel', stock: 11 })
})

it('asks nothing where a live read shows the whole row, and knows what has changed there since it was seen', async () => {
  const { server, client, save } = await narrow()
  client.live('shop.Product', 'retrieve', { id: 1 })
  await settle()
  const before = server.requests('retrieve').length
  const made = save({ name: 'Apfel' }, { id: 1, name: 'Apple' })
  await settle()
  await made
  const error = await failure(save({ name: 'Mela' }, { id: 1, name: 'Apple' }))
  expect(error).toMatchObject({ code: 'precondition_failed', current: { name: 'Apfel' } })
  expect(server.requests('retrieve')).toHaveLength(before)
})

it('does not take its own earlier change for that of another', async () => {
  const { server, save } = await narrow()
  const all = [save({ name: 'A' }, { id: 1, name: 'Apple' }), save({ name: 'B' }, { id: 1, name: 'A' })]
  await settle()
  await Promise.all(all)
  expect(server.rows('shop.Product')[0]?.name).toBe('B')
})

it('is sent without a version where the row may not be read', async () => {
  const { server, save } = await narrow()
  server.handle('shop.Product.retrieve', () => {
    throw Object.assign(new Error('No.'), { code: 'forbidden' })
  })
  const made = save({ name: 'Apfel' }, { id: 1, name: 'Apple' })
  await settle()
  expect(await made).toMatchObject({ success: true })
  expect(server.requests('save')[0]?.if).toBeUndefined()
})
