import { AutoTransport } from './auto.js'
import { Backoff } from './backoff.js'
import type { Credentials } from './credentials.js'
import type { ClientOptions } from './options.js'
import { SocketTransport } from './socket.js'
import type { Transport, TransportHandlers } from './transport.js'

/** A page needs no socket at once while HTTP carries. */
const SOCKET_BACKOFF = { minMs: 4_000, maxMs: 60_000 }

/** What carries messages between a client with these options and its server. */
export function transportOf(options: ClientOptions, credentials: Credentials, handlers: TransportHandlers): Transport {
  const { transport = 'auto', subprotocol = 'cb.1.json' } = options
  const socketOf = (own: TransportHandlers): Transport =>
    new SocketTransport({
      url: () => socketUrl(options, credentials),
      protocols: () => protocolsOf(options, credentials.token),
      batches: subprotocol !== null,
      WebSocket: options.WebSocket,
      handlers: own,
    })
  if (transport === 'ws' || subprotocol === null) return socketOf(handlers)
  return new AutoTransport({
    socket: transport === 'http' ? null : socketOf,
    http: async own => {
      const { HttpTransport } = await import('./http/transport.js')
      return new HttpTransport({
        ready: () => credentials.resolve(),
        url: () => apiUrlOf(options),
        fetch: fetchOf(options),
        token: () => credentials.token,
        tokenScheme: options.tokenScheme,
        handlers: own,
        pollMs: options.pollMs ?? 3_000,
      })
    },
    handlers,
    backoff: new Backoff({ ...options.backoff, ...SOCKET_BACKOFF }),
  })
}

/** Where the HTTP twin is: beside the socket, `wss://api.example.com/ws/` → `https://api.example.com/api/`. */
export function apiUrlOf({ apiUrl, url }: ClientOptions): string {
  if (apiUrl !== undefined) return apiUrl
  const host = typeof url === 'string' ? /^ws(s?):\/\/[^/?#]+/.exec(url) : null
  return host ? `${host[0].replace(/^ws/, 'http')}/api/` : '/api/'
}

/** What makes requests; a browser's own knows its window. */
export const fetchOf = ({ fetch = globalThis.fetch }: ClientOptions): typeof fetch => fetch.bind(globalThis)

async function socketUrl({ url = pageUrl }: ClientOptions, credentials: Credentials): Promise<string> {
  await credentials.resolve()
  return typeof url === 'function' ? url() : url
}

function protocolsOf({ subprotocol = 'cb.1.json', tokenIn }: ClientOptions, token: string | null): string[] {
  const bearer = token !== null && tokenIn === 'subprotocol' ? [`bearer.${token}`] : []
  return [...(subprotocol === null ? [] : [subprotocol]), ...bearer]
}

function pageUrl(): string {
  const { location } = globalThis as { location?: Location }
  if (!location?.host) throw new Error('There is no page whose server could be dialled: give the option `url`.')
  const { protocol, host } = location
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/ws/`
}
