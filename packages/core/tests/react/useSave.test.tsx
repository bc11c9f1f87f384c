import { useDelete, useRetrieve, useSave, useSearch } from '@channels-binding/core/react'
import { act, renderHook } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

function useEditor(): { rows: unknown; row: unknown; save: ReturnType<typeof useSave<'shop.Product'>> } {
  const { rows } = useSearch('shop.Product', { order: 'name' })
  const { data } = useRetrieve('shop.Product', 1)
  return { rows: rows.map(row => row.stock), row: data?.stock, save: useSave('shop.Product') }
}

it('shows a change at once, and never flickers back, whatever others do before the reply', async () => {
  const { server, Wrapper, wait } = stage()
  const seen: unknown[] = []
  const { result } = renderHook(
    () => {
      const editor = useEditor()
      seen.push((editor.rows as unknown[])[0])
      return editor
    },
    { wrapper: Wrapper },
  )
  await wait()
  seen.length = 0
  server.hold()
  act(() => result.current.save.mutate({ id: 1, stock: 99 }))
  await wait()
  expect(result.current).toMatchObject({ rows: [99, 20, 30], row: 99, save: { isPending: true } })
  server.update('shop.Product', 1, { name: 'Apfel' })
  server.update('shop.Product', 2, { stock: 21 })
  await wait()
  expect(result.current).toMatchObject({ rows: [99, 21, 30], row: 99 })
  server.release()
  await wait()
  expect(result.current).toMatchObject({ rows: [99, 21, 30], save: { isSuccess: true, success: true } })
  expect(new Set(seen.slice(seen.indexOf(99)))).toEqual(new Set([99]))
})

it('takes a refused change back, and says what is wrong', async () => {
  const stock = [{ code: 'min_value', message: 'Too few.' }]
  const { server, Wrapper, wait } = stage({}, { validate: () => ({ stock }) })
  const { result } = renderHook(useEditor, { wrapper: Wrapper })
  await wait()
  server.hold()
  act(() => result.current.save.mutate({ id: 1, stock: -1 }))
  await wait()
  expect(result.current.rows).toEqual([-1, 20, 30])
  server.release()
  await wait()
  expect(result.current).toMatchObject({
    rows: [10, 20, 30],
    row: 10,
    save: { errors: { stock }, error: { code: 'invalid' } },
  })
})

it('waits for the server where it shall not be optimistic', async () => {
  const { server, Wrapper, wait } = stage()
  const onSuccess = vi.fn()
  const { result } = renderHook(
    () => [useRetrieve('shop.Product', 1), useSave('shop.Product', { optimistic: false, onSuccess })] as const,
    { wrapper: Wrapper },
  )
  await wait()
  server.hold()
  let reply: unknown
  act(() => void result.current[1].submit({ id: 1, stock: 0 }).then(value => (reply = value)))
  await wait()
  expect(result.current[0].data?.stock).toBe(10)
  server.release()
  await wait()
  expect(result.current[0].data?.stock).toBe(0)
  expect(reply).toEqual({ success: true, id: 1 })
  expect(onSuccess).toHaveBeenCalledExactlyOnceWith({ success: true, id: 1 }, { id: 1, stock: 0 })
})

it('deletes, and says why not', async () => {
  const { server, Wrapper, wait } = stage()
  const onError = vi.fn()
  const { result } = renderHook(() => useDelete('shop.Product', { onError }), { wrapper: Wrapper })
  act(() => result.current.mutate(1))
  await wait()
  expect(server.rows('shop.Product')).toHaveLength(2)
  act(() => result.current.mutate(1))
  await wait()
  expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: 'not_found' })
})
