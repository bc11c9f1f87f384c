import type { ClientOptions } from '../options.js'

/** Where the HTTP twin is: beside the socket, `wss://api.example.com/ws/` → `https://api.example.com/api/`. */
export function apiUrlOf({ apiUrl, url }: ClientOptions): string {
  if (apiUrl !== undefined) return apiUrl
  const host = typeof url === 'string' ? /^ws(s?):\/\/[^/?#]+/.exec(url) : null
  return host ? `${host[0].replace(/^ws/, 'http')}/api/` : '/api/'
}

/** What makes requests; a browser's own knows its window. */
export const fetchOf = ({ fetch = globalThis.fetch }: ClientOptions): typeof fetch => fetch.bind(globalThis)
