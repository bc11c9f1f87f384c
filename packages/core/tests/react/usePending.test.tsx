import { useDelete, usePending, useSave, useSearch } from '@channels-binding/core/react'
import { act, renderHook } from '@testing-library/react'
import { expect, it } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

const useDesk = () => ({
  list: useSearch('shop.Product', { order: 'name' }),
  narrow: useSearch('shop.Product', { filters: { name: 'Apple' } }),
  save: useSave('shop.Product', { optimistic: true }),
  remove: useDelete('shop.Product'),
  pending: usePending(),
})

const names = (list: { rows: readonly { [field: string]: unknown }[] }): unknown[] => list.rows.map(row => row.name)

it('shows what was made without a connection, and is right when that is back', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(useDesk, { wrapper: Wrapper })
  await wait()
  server.bends.refuse = Number.POSITIVE_INFINITY
  server.close(4500)
  await wait()
  act(() => {
    result.current.save.mutate({ name: 'Fig', stock: 1 })
    result.current.remove.mutate(2)
  })
  await wait()
  expect(names(result.current.list)).toEqual(['Fig', 'Apple', 'Cherry'])
  expect(result.current.list.count).toBe(3)
  expect(names(result.current.narrow)).toEqual(['Apple'])
  expect(result.current.pending).toMatchObject({ count: 2, writes: [{ action: 'save' }, { action: 'delete', id: 2 }] })
  server.bends.refuse = 0
  await wait(20_000)
  expect(names(result.current.list)).toEqual(['Apple', 'Cherry', 'Fig'])
  expect(result.current).toMatchObject({
    pending: { count: 0 },
    save: { isSuccess: true },
    remove: { isSuccess: true },
  })
})

it('never shows a new row twice, nor a deleted one again', async () => {
  const { server, Wrapper, wait } = stage()
  const seen: string[] = []
  const { result } = renderHook(
    () => {
      const desk = useDesk()
      seen.push(names(desk.list).join())
      return desk
    },
    { wrapper: Wrapper },
  )
  await wait()
  act(() => {
    result.current.save.mutate({ name: 'Zest', stock: 1 })
    result.current.remove.mutate(1)
  })
  await wait()
  server.update('shop.Product', 2, { stock: 7 })
  await wait()
  const changes = seen.filter((each, index) => each !== seen[index - 1])
  expect(changes.at(-1)).toBe('Banana,Cherry,Zest')
  for (const each of changes) expect(each.split('Zest').length).toBeLessThan(3)
  expect(
    changes.slice(changes.findIndex(each => !each.includes('Apple') && each)).some(each => each.includes('Apple')),
  ).toBe(false)
})

it('takes a refused write back, and lets it be given up or sent again', async () => {
  const { server, Wrapper, wait } = stage(
    {},
    { validate: ({ name }) => (name === 'bad' ? { name: [{ code: 'bad', message: 'Bad.' }] } : {}) },
  )
  const { result } = renderHook(useDesk, { wrapper: Wrapper })
  await wait()
  server.bends.refuse = Number.POSITIVE_INFINITY
  server.close(4500)
  await wait()
  act(() => result.current.save.mutate({ id: 1, name: 'bad' }))
  await wait()
  expect(names(result.current.list)).toContain('bad')
  server.bends.refuse = 0
  await wait(20_000)
  expect(names(result.current.list)).not.toContain('bad')
  const [refused] = result.current.pending.writes
  expect(refused).toMatchObject({ state: 'refused', error: { code: 'invalid' } })
  act(() => result.current.pending.retry(refused?.key ?? ''))
  await wait()
  expect(result.current.pending.writes).toMatchObject([{ state: 'refused' }])
  act(() => result.current.pending.drop(refused?.key ?? ''))
  expect(result.current.pending.count).toBe(0)
})

it('tells the second of two who change the same field, and lets them choose', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(useDesk, { wrapper: Wrapper })
  await wait()
  const clash = async (theirs: string): Promise<void> => {
    server.hold()
    act(() => result.current.save.mutate({ id: 1, name: 'mine' }))
    await wait()
    server.update('shop.Product', 1, { name: theirs })
    server.release()
    await wait()
  }
  await clash('theirs')
  const { conflict } = result.current.save
  expect(conflict).toMatchObject({ mine: { name: 'mine' }, theirs: { name: 'theirs' }, base: { name: 'Apple' } })
  expect(names(result.current.list)).toContain('theirs')
  act(() => void conflict?.keepMine())
  await wait()
  expect(result.current.save).toMatchObject({ isSuccess: true, conflict: null })
  expect(names(result.current.list)).toContain('mine')
  await clash('others')
  act(() => result.current.save.conflict?.takeTheirs())
  await wait()
  expect(result.current.save).toMatchObject({ conflict: null, error: null })
  expect(names(result.current.list)).toContain('others')
})
