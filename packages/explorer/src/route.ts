import { useSyncExternalStore } from 'react'

/** What is shown of a stream. */
export const VIEWS = ['rows', 'fields', 'message', 'why'] as const
/** One of them. */
export type View = (typeof VIEWS)[number]

/** What the page shows. */
export type Route =
  | { readonly kind: 'start' }
  | { readonly kind: 'figures' }
  | { readonly kind: 'stream'; readonly stream: string; readonly view: View }

/** `#/stream/desk.Ticket/rows` → that stream's rows; anything else → the start. */
export function routeOf(hash: string): Route {
  const [kind, name, view] = hash.replace(/^#\/?/, '').split('/')
  if (kind === 'figures') return { kind }
  if (kind !== 'stream' || !name) return { kind: 'start' }
  return { kind, stream: decoded(name), view: VIEWS.find(known => known === view) ?? 'rows' }
}

/** The address of a stream in this page. */
export const addressOf = (stream: string, view: View = 'rows'): string =>
  `#/stream/${encodeURIComponent(stream)}/${view}`

/** What the page shows now. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(listen, () => window.location.hash)
  return routeOf(hash)
}

function listen(callback: () => void): () => void {
  window.addEventListener('hashchange', callback)
  return () => window.removeEventListener('hashchange', callback)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
