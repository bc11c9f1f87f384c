import { BindingError } from '../errors.js'
import type { PendingWrite, WriteStore } from '../writes/write.js'

const STORE = 'writes'

/** A write as it is stored: an error is stored in the words of the wire. */
type Stored = Omit<PendingWrite, 'error'> & { readonly error: object | null }

const promised = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/**
 * Keeps writes in the browser's IndexedDB: `new ChannelsClient({ writes: { persist: indexedDb() } })`. One name for each server.
 * Knows the database; knows nothing of when a write is sent.
 */
export function indexedDb(name = 'channels-binding'): WriteStore {
  let opened: Promise<IDBDatabase> | undefined
  const open = (): Promise<IDBDatabase> => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: 'place', autoIncrement: true }).createIndex('key', 'write.key')
    return promised(request)
  }
  const rows = async (mode: IDBTransactionMode): Promise<IDBObjectStore> => {
    opened ??= open()
    return (await opened).transaction(STORE, mode).objectStore(STORE)
  }
  return {
    load: async () => {
      const found = (await promised((await rows('readonly')).getAll())) as { write: Stored }[]
      return found.map(({ write }) => ({ ...write, error: write.error && BindingError.from(write.error) }))
    },
    put: async write => {
      const store = await rows('readwrite')
      const place = await promised(store.index('key').getKey(write.key))
      const { error } = write
      const told = error && {
        code: error.code,
        message: error.message,
        status: error.status,
        current: error.current,
        v: error.version,
      }
      await promised(store.put({ write: { ...write, error: told }, ...(place !== undefined && { place }) }))
    },
    remove: async key => {
      const store = await rows('readwrite')
      const place = await promised(store.index('key').getKey(key))
      if (place !== undefined) await promised(store.delete(place))
    },
  }
}
