import { useSyncExternalStore } from 'react'

const ADDRESS_EVENT = 'channels-binding:address'

function subscribe(callback: () => void): () => void {
  window.addEventListener('popstate', callback)
  window.addEventListener(ADDRESS_EVENT, callback)
  return () => {
    window.removeEventListener('popstate', callback)
    window.removeEventListener(ADDRESS_EVENT, callback)
  }
}

/** The part of the address after `?`; on the server there is none. */
export function useAddress(): string {
  return useSyncExternalStore(
    subscribe,
    () => window.location.search,
    () => '',
  )
}

/** Another part after `?`, as a step that "back" takes back, or in place of the one that is there. */
export function changeAddress(search: string, way: 'push' | 'replace', state: unknown = window.history.state): void {
  const url = window.location.pathname + search + window.location.hash
  window.history[way === 'push' ? 'pushState' : 'replaceState'](state, '', url)
  window.dispatchEvent(new Event(ADDRESS_EVENT))
}

/** A value in the address: text stands as it is, unless it would be read as something else. */
export function writeValue(value: unknown): string {
  return typeof value === 'string' && readValue(value) === value ? value : JSON.stringify(value)
}

/** `'7'` → 7; `'open'` → `'open'`; `'"7"'` → `'7'`. */
export function readValue(text: string): unknown {
  if (!/^(-?\d|true$|false$|null$|"|\[|\{)/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
