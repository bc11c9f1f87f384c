import { Backoff } from '../backoff.js'
import type { Credentials } from '../credentials.js'
import type { ClientOptions } from '../options.js'
import type { SocketTransport } from '../socket.js'
import type { TransportHandlers } from '../transport.js'
import { apiUrlOf, fetchOf } from './address.js'
import { AutoTransport } from './auto.js'
import { HttpTransport } from './transport.js'

/** A page needs no socket at once while HTTP carries. */
const SOCKET_BACKOFF = { minMs: 4_000, maxMs: 60_000 }

/** What finds a way for a client with these options, whose socket there is already. */
export function finderOf(
  options: ClientOptions,
  credentials: Credentials,
  handlers: TransportHandlers,
  socket: SocketTransport | null,
  failures: number,
): AutoTransport {
  return new AutoTransport({
    socket:
      socket &&
      (own => {
        socket.report(own)
        return socket
      }),
    http: async own =>
      new HttpTransport({
        ready: () => credentials.resolve(),
        url: () => apiUrlOf(options),
        fetch: fetchOf(options),
        credentials: options.credentials ?? 'same-origin',
        token: () => credentials.token,
        tokenScheme: options.tokenScheme,
        handlers: own,
        pollMs: options.pollMs ?? 3_000,
      }),
    handlers,
    failures,
    backoff: new Backoff({ ...options.backoff, ...SOCKET_BACKOFF }),
  })
}
