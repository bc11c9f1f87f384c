import { type BindingName, type ChannelsClient, canonical } from '@channels-binding/core'
import { useEffect } from 'react'

const stores = new WeakMap<ChannelsClient, Map<string, unknown>>()

/** What was typed and not saved, for as long as the page lives; of each user their own, and never written to a disk. */
export interface Drafts<T> {
  readonly get: (name: string) => T | undefined
  readonly set: (name: string, draft: T) => void
  readonly delete: (name: string) => void
}

/** The drafts of one kind (`'form'`, `'table'`) at a stream. */
export function draftsOf<T>(client: ChannelsClient, kind: string, binding: BindingName): Drafts<T> {
  const store = stores.get(client) ?? new Map<string, unknown>()
  stores.set(client, store)
  const keyOf = (name: string): string => canonical([client.whoever ?? null, kind, binding, name])
  return {
    get: name => store.get(keyOf(name)) as T | undefined,
    set: (name, draft) => void store.set(keyOf(name), draft),
    delete: name => void store.delete(keyOf(name)),
  }
}

/** Lets the browser ask before the page is left or loaded again, while there is something to lose. */
export function useUnloadGuard(isDirty: () => boolean): void {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (isDirty()) event.preventDefault()
    }
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [isDirty])
}
