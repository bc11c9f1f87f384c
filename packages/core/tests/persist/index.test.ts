import { BindingError } from '@channels-binding/core'
import { indexedDb } from '@channels-binding/core/persist'
import type { PendingWrite } from '@channels-binding/core/writes'
import { afterEach, expect, it, vi } from 'vitest'

type Row = { place: number; write: PendingWrite; page?: string }

/**
 * As much of IndexedDB as a store of writes needs: rows by a number that grows, found by the key of their write. Transactions that write
 * come one after the other, each until nothing more is asked of it.
 */
function fakeDatabase(): { open: () => unknown } {
  const rows = new Map<number, Row>()
  let last = 0
  let before: Promise<void> = Promise.resolve()
  const opening = (): object => {
    const request = { result: database, onsuccess: () => undefined, onupgradeneeded: () => undefined }
    queueMicrotask(() => {
      request.onupgradeneeded()
      request.onsuccess()
    })
    return request
  }
  const storeAfter = (turn: Promise<void>, end: () => void) => {
    let asked = 0
    const answer = (work: () => unknown): object => {
      const request = { result: undefined as unknown, onsuccess: () => undefined }
      asked++
      void turn.then(() => {
        request.result = work()
        request.onsuccess()
        setTimeout(() => --asked || end(), 0)
      })
      return request
    }
    return {
      createIndex: () => undefined,
      index: () => ({
        getKey: (key: string) => answer(() => [...rows.values()].find(row => row.write.key === key)?.place),
      }),
      getAll: () => answer(() => [...rows.values()].sort((a, b) => a.place - b.place)),
      put: ({ place = ++last, ...row }: Partial<Row> & { write: PendingWrite }) =>
        answer(() => rows.set(place, structuredClone({ ...row, place }))),
      delete: (place: number) => answer(() => rows.delete(place)),
    }
  }
  const transaction = (_name: string, mode: string): object => {
    if (mode === 'readonly') return { objectStore: () => storeAfter(Promise.resolve(), () => undefined) }
    const turn = before
    let end = (): void => undefined
    before = new Promise(resolve => {
      end = resolve
    })
    return { objectStore: () => storeAfter(turn, end) }
  }
  const database = { createObjectStore: () => storeAfter(before, () => undefined), transaction }
  return { open: opening }
}

/** Locks of a browser; `leave` closes the page that holds the one at this place, in the order in which they were asked for. */
function fakeLocks() {
  const queues = new Map<string, (() => void)[]>()
  const held: string[] = []
  const next = (name: string): void => {
    queues.get(name)?.shift()
    queues.get(name)?.[0]?.()
  }
  const request = async (name: string, ...rest: unknown[]): Promise<unknown> => {
    const work = rest.at(-1) as () => unknown
    const { signal } = (rest.length > 1 ? rest[0] : {}) as { signal?: AbortSignal }
    const queue = queues.get(name) ?? []
    queues.set(name, queue)
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener('abort', () => {
        if (queue.includes(resolve)) queue.splice(queue.indexOf(resolve), 1)
        reject(signal.reason)
      })
      if (queue.push(resolve) === 1) resolve()
    })
    if (!signal) held.push(name)
    const result = await work()
    next(name)
    return result
  }
  return { request, leave: (place: number) => next(held[place] as string) }
}

const keysOf = (writes: readonly PendingWrite[]): string[] => writes.map(write => write.key)

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
  const request = vi.fn()
  vi.stubGlobal('navigator', { locks: { request } }) // newer ones of Node have locks, and nothing to be kept
  await expect(indexedDb().load()).rejects.toThrow()
  await expect(indexedDb().put(WRITE)).rejects.toThrow()
  expect(request).not.toHaveBeenCalled()
})

it('leaves to a page that is there what it keeps, and takes it over once that page is gone', async () => {
  const locks = fakeLocks()
  vi.stubGlobal('navigator', { locks })
  vi.stubGlobal('indexedDB', fakeDatabase())
  await indexedDb().put(WRITE)
  const second = indexedDb()
  expect(await second.load()).toEqual([])
  await second.put({ ...WRITE, key: 'b' })
  expect(keysOf(await indexedDb('other').load())).toEqual([])
  locks.leave(0)
  expect(keysOf(await second.load())).toEqual(['a', 'b'])
  expect(await indexedDb().load()).toEqual([])
})

it('gives what a page keeps to one that is open, once that page is gone', async () => {
  const locks = fakeLocks()
  vi.stubGlobal('navigator', { locks })
  vi.stubGlobal('indexedDB', fakeDatabase())
  await indexedDb().put(WRITE)
  const [second, third] = [indexedDb(), indexedDb()]
  const found: string[][] = []
  const later = (writes: readonly PendingWrite[]): void => void found.push(keysOf(writes))
  expect(await Promise.all([second.load(later), third.load(later)])).toEqual([[], []])
  expect(found).toEqual([])
  locks.leave(0)
  await vi.waitFor(() => expect(found).toEqual([['a'], []]))
  expect(await indexedDb().load()).toEqual([]) // it is kept by the one that has it now
})

it('gives what a page has left to one of those that are opened at once', async () => {
  const locks = fakeLocks()
  vi.stubGlobal('navigator', { locks })
  vi.stubGlobal('indexedDB', fakeDatabase())
  await indexedDb().put(WRITE)
  locks.leave(0)
  const loaded = await Promise.all([indexedDb().load(), indexedDb().load()])
  expect(loaded.flat().map(write => write.key)).toEqual(['a'])
})

it('takes over from a page that is a moment in leaving, as the one that is reloaded', async () => {
  const locks = fakeLocks()
  vi.stubGlobal('navigator', { locks })
  vi.stubGlobal('indexedDB', fakeDatabase())
  await indexedDb().put(WRITE)
  const loading = indexedDb().load()
  setTimeout(() => locks.leave(0), 20)
  expect(keysOf(await loading)).toEqual(['a'])
})
