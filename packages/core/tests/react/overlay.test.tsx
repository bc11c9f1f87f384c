import { BindingError } from '@channels-binding/core'
import { useDelete, useRetrieve, useSave, useSearch } from '@channels-binding/core/react'
import { act, renderHook } from '@testing-library/react'
import { expect, it } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

import { Overlays } from '../../src/react/overlay.js'

function useEditor(): { rows: unknown; row: unknown; save: ReturnType<typeof useSave<'shop.Product'>> } {
  const { rows } = useSearch('shop.Product', { order: 'name' })
  const { data } = useRetrieve('shop.Product', 1)
  return { rows: rows.map(row => row.stock), row: data?.stock, save: useSave('shop.Product') }
}

it('keeps a change that waits for its reply through a refetch', async () => {
  const { server, Wrapper, wait } = stage()
  const seen: unknown[] = []
  const { result } = renderHook(
    () => {
      const row = useRetrieve('shop.Product', 1)
      seen.push(row.data?.stock)
      return { row, save: useSave('shop.Product') }
    },
    { wrapper: Wrapper },
  )
  await wait()
  server.handle('shop.Product.save', () => ({ success: true, id: 1 }))
  server.bends.drop = 1
  act(() => result.current.save.mutate({ id: 1, stock: 99 }))
  await wait()
  seen.length = 0
  act(() => void result.current.row.refetch())
  await wait()
  expect(result.current.row).toMatchObject({ isSuccess: true, isFetching: false, data: { stock: 99 } })
  expect(seen.every(stock => stock === 99)).toBe(true)
})

it('lays several changes over one another, and takes each away on its own', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(useEditor, { wrapper: Wrapper })
  await wait()
  server.bends.fail = request =>
    (request.data as { stock?: number }).stock === 2 ? new BindingError('conflict', 'No.') : null
  server.hold()
  act(() => result.current.save.mutate({ id: 1, stock: 1 }))
  act(() => result.current.save.mutate({ id: 1, stock: 2 }))
  await wait()
  expect(result.current.row).toBe(2)
  server.release()
  await wait()
  expect(result.current.row).toBe(1)
})

it.each([
  ['changed', 99],
  ['deleted', undefined],
])('never shows again what was %s, where the reply comes before the change itself', async (fate, expected) => {
  const { server, Wrapper, wait } = stage()
  const seen: unknown[] = []
  const { result } = renderHook(
    () => {
      const { rows } = useSearch('shop.Product', { order: 'name' })
      seen.push(rows.find(row => row.id === 1)?.stock)
      return { save: useSave('shop.Product'), remove: useDelete('shop.Product') }
    },
    { wrapper: Wrapper },
  )
  await wait()
  for (const action of ['save', 'delete']) server.handle(`shop.Product.${action}`, () => ({ success: true, id: 1 }))
  if (fate === 'deleted') act(() => result.current.remove.mutate(1))
  else act(() => result.current.save.mutate({ id: 1, stock: 99 }))
  seen.length = 0
  await wait(500)
  if (fate === 'deleted') server.remove('shop.Product', 1)
  else server.update('shop.Product', 1, { stock: 99 })
  await wait(3000)
  expect(new Set(seen)).toEqual(new Set([expected]))
})

it('shows a confirmed change over nothing that comes after it, and over the rows before it for two seconds', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(useEditor, { wrapper: Wrapper })
  await wait()
  server.handle('shop.Product.save', () => ({ success: true, id: 1 }))
  act(() => result.current.save.mutate({ id: 1, stock: 99 }))
  await wait()
  expect(result.current.row).toBe(99)
  await wait(2100)
  expect(result.current.row).toBe(10)
  act(() => result.current.save.mutate({ id: 1, stock: 98 }))
  await wait()
  server.update('shop.Product', 1, { stock: 97 })
  await wait()
  expect(result.current.row).toBe(97)
})

it('shows at once what the server has made of a change', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(useEditor, { wrapper: Wrapper })
  await wait()
  server.handle('shop.Product.save', () => {
    server.update('shop.Product', 1, { stock: 50 })
    return { success: true, id: 1 }
  })
  act(() => result.current.save.mutate({ id: 1, stock: 99 }))
  await wait()
  expect(result.current.row).toBe(50)
})

const TARGET = { stream: 'shop.Product', action: 'search' }

it('changes neither the rows nor their page where nothing is pending for them', () => {
  const overlays = new Overlays()
  const page = { count: 1, rows: [{ id: 1, stock: 10 }] }
  expect(overlays.over(TARGET, page)).toBe(page)
  overlays.add({ stream: 'shop.Product', id: 2, values: { stock: 0 } })
  overlays.add({ stream: 'desk.Ticket', id: 1, values: { stock: 0 } })
  expect(overlays.over(TARGET, page)).toBe(page)
  expect(overlays.over(TARGET, undefined)).toBeUndefined()
  expect(overlays.over(TARGET, null)).toBeNull()
})

it('draws the same row for the same change, and a new one for another', () => {
  const overlays = new Overlays()
  const row = { id: 1, stock: 10 }
  const takeBack = overlays.add({ stream: 'shop.Product', id: 1, values: { stock: 0 } })
  const drawn = overlays.over(TARGET, row)
  expect(drawn).toEqual({ id: 1, stock: 0 })
  expect(overlays.over(TARGET, row)).toBe(drawn)
  overlays.add({ stream: 'shop.Product', id: 1, values: { stock: 5 } })
  expect(overlays.over(TARGET, row)).toEqual({ id: 1, stock: 5 })
  takeBack()
  expect(overlays.over(TARGET, row)).toEqual({ id: 1, stock: 5 })
  expect(row).toEqual({ id: 1, stock: 10 })
})

it('draws no field that the read does not show', () => {
  const overlays = new Overlays()
  overlays.add({ stream: 'shop.Product', id: 1, values: { stock: 0, secret: 'x' } })
  expect(overlays.over(TARGET, { rows: [{ id: 1, stock: 10 }] })).toEqual({ rows: [{ id: 1, stock: 0 }] })
})
