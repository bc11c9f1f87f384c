import { BindingError } from '@channels-binding/core'
import { indexedDb } from '@channels-binding/core/persist'
import type { PendingWrite } from '@channels-binding/core/writes'
import { afterEach, expect, it, vi } from 'vitest'

type Row = { place: number; write: PendingWrite }

/** As much of IndexedDB as a store of writes needs: rows by a number that grows, found by the key of their write. */
function fakeDatabase(): { open: () => unknown } {
  const rows = new Map<number, Row>()
  let last = 0
  const answer = <T>(result: T): object => {
    const request = { result, onsuccess: () => undefined, onupgradeneeded: () => undefined }
    queueMicrotask(() => {
      request.onupgradeneeded()
      request.onsuccess()
    })
    return request
  }
  const store = {
    createIndex: () => undefined,
    index: () => ({ getKey: (key: string) => answer([...rows.values()].find(row => row.write.key === key)?.place) }),
    getAll: () => answer([...rows.values()].sort((a, b) => a.place - b.place)),
    put: ({ place = ++last, write }: Partial<Row> & { write: PendingWrite }) => {
      rows.set(place, { place, write: structuredClone(write) })
      return answer(place)
    },
    delete: (place: number) => answer(rows.delete(place)),
  }
  const database = { createObjectStore: () => store, transaction: () => ({ objectStore: () => store }) }
  return { open: () => answer(database) }
}

const WRITE: PendingWrite = {
  key: 'a',
  stream: 'shop.Product',
  action: 'save',
  id: 1,
  values: { name: 'x' },
  base: null,
  ifVersion: null,
  user: '7',
  state: 'waiting',
  error: null,
  isOptimistic: true,
  hasWaited: true,
}

afterEach(() => {
  vi.unstubAllGlobals()
})

it('keeps writes in the order in which they were made, and errors with what they say', async () => {
  vi.stubGlobal('indexedDB', fakeDatabase())
  const store = indexedDb()
  await store.put(WRITE)
  await store.put({ ...WRITE, key: 'b' })
  await store.put({ ...WRITE, key: 'c' })
  const error = new BindingError('precondition_failed', 'Changed.', { current: { id: 1, name: 'y' }, v: 'v2' })
  await store.put({ ...WRITE, state: 'refused', error })
  await store.remove('b')
  await store.remove('nobody')
  const [first, second, ...others] = await indexedDb().load()
  expect([first?.key, second, others]).toEqual(['a', { ...WRITE, key: 'c' }, []])
  expect(first?.error).toBeInstanceOf(BindingError)
  expect(first?.error).toMatchObject({ code: 'precondition_failed', current: { name: 'y' }, version: 'v2' })
})

it('opens nothing until it is asked, and says where there is no database', async () => {
  const open = vi.fn(fakeDatabase().open)
  vi.stubGlobal('indexedDB', { open })
  const store = indexedDb('mine')
  expect(open).not.toHaveBeenCalled()
  await store.load()
  expect(open).toHaveBeenCalledWith('mine', 1)
  vi.stubGlobal('indexedDB', undefined)
  await expect(indexedDb().load()).rejects.toThrow()
})
