import { BindingError } from '../errors.js'
import type { PendingWrite, WriteStore } from '../writes/write.js'

const STORE = 'writes'

/** Time in milliseconds for which what a page may be about to leave is waited for: the one that is reloaded. */
const GOING_MS = 500

/** A write as it is stored: an error is stored in the words of the wire. */
type Stored = Omit<PendingWrite, 'error'> & { readonly error: object | null }

interface Kept {
  readonly place?: number
  readonly write: Stored
  /** Which page sends it. */
  readonly page?: string
}

const promised = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** What is true of a page for as long as it is there: it holds a lock of its name. Without TLS there are no locks. */
class Presence {
  readonly name: string
  readonly #locks: LockManager | undefined = globalThis.navigator?.locks
  #begun: Promise<void> | undefined

  constructor(name: string) {
    this.name = name
  }

  /** Resolves once others know that this page is there. */
  begin(): Promise<void> {
    this.#begun ??= new Promise(resolve => {
      if (!this.#locks) return resolve()
      const stay = (): Promise<never> => {
        resolve()
        return new Promise(() => undefined)
      }
      this.#locks.request(this.name, stay).catch(() => resolve()) // a page that is given none, as in a sandbox
    })
    return this.#begun
  }

  /** Whether another page is there no more. */
  async hasLeft(other: string): Promise<boolean> {
    if (!this.#locks || other === this.name) return true
    const signal = AbortSignal.timeout(GOING_MS)
    return this.#locks.request(other, { signal }, () => true).catch(() => false)
  }

  /** Resolves once another page is there no more. */
  async left(other: string): Promise<void> {
    await this.#locks?.request(other, () => undefined)
  }
}

/**
 * Keeps writes in the browser's IndexedDB: `new ChannelsClient({ writes: { persist: indexedDb() } })`. One name for each server.
 * What a page keeps is that page's until it is gone; then another takes it over: one that is open, or the next.
 * Knows the database and the pages of this browser; knows nothing of when a write is sent.
 */
export function indexedDb(name = 'channels-binding'): WriteStore {
  const page = new Presence(`${name} ${Math.random()}`)
  let opened: Promise<IDBDatabase> | undefined
  const open = (): Promise<IDBDatabase> => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: 'place', autoIncrement: true }).createIndex('key', 'write.key')
    return promised(request)
  }
  const rows = async (mode: IDBTransactionMode): Promise<IDBObjectStore> => {
    opened ??= open()
    const database = await opened
    await page.begin() // where there is a database: not on a server
    return database.transaction(STORE, mode).objectStore(STORE)
  }
  const all = (store: IDBObjectStore): Promise<Kept[]> => promised(store.getAll())
  /** Makes this page's what those pages have kept, unless another has done so meanwhile. */
  const take = async (owners: readonly unknown[]): Promise<readonly PendingWrite[]> => {
    const store = await rows('readwrite')
    const found = (await all(store)).filter(kept => owners.includes(kept.page))
    await Promise.all(found.map(kept => promised(store.put({ ...kept, page: page.name }))))
    return found.map(({ write }) => ({ ...write, error: write.error && BindingError.from(write.error) }))
  }
  return {
    load: async (later = () => undefined) => {
      const owners = [...new Set((await all(await rows('readonly'))).map(kept => kept.page))]
      const gone = await Promise.all(owners.map(owner => owner === undefined || page.hasLeft(owner)))
      for (const owner of owners.filter((_, place) => !gone[place])) {
        const taken = page.left(owner as string).then(() => take([owner]))
        taken.then(later).catch(() => undefined) // what could not be taken is there for the next page
      }
      return take(owners.filter((_, place) => gone[place]))
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
      const kept = { write: { ...write, error: told }, page: page.name }
      await promised(store.put({ ...kept, ...(place !== undefined && { place }) }))
    },
    remove: async key => {
      const store = await rows('readwrite')
      const place = await promised(store.index('key').getKey(key))
      if (place !== undefined) await promised(store.delete(place))
    },
  }
}
