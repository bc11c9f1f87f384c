import type { Credentials } from './credentials.js'
import { FirstWay } from './first.js'
import type { ClientOptions } from './options.js'
import { SocketTransport } from './socket.js'
import type { ReplaceableHandlers, Transport } from './transport.js'

/** What carries messages between a client with these options and its server. */
export function transportOf(
  options: ClientOptions,
  credentials: Credentials,
  handlers: ReplaceableHandlers,
  maxFrameBytes: () => number,
): Transport {
  const { transport = 'auto', subprotocol = 'cb.1.json', WebSocket } = options
  const batches = subprotocol !== null
  const own = {
    url: () => socketUrl(options, credentials),
    protocols: () => protocolsOf(options, credentials.token),
    batches,
    maxFrameBytes,
    WebSocket,
    handlers,
  }
  if (transport === 'ws' || !batches) return new SocketTransport(own)
  return new FirstWay(own, transport === 'auto', async () => {
    const { finderOf } = await import('./http/ways.js')
    return (socket, failures) => finderOf(options, credentials, handlers, socket, failures)
  })
}

async function socketUrl({ url = pageUrl }: ClientOptions, credentials: Credentials): Promise<string> {
  await credentials.resolve()
  return typeof url === 'function' ? url() : url
}

function protocolsOf({ subprotocol = 'cb.1.json', tokenIn }: ClientOptions, token: string | null): string[] {
  const bearer = token !== null && tokenIn === 'subprotocol' ? `bearer.${token}` : null
  return [subprotocol, bearer].filter(each => each !== null)
}

function pageUrl(): string {
  const { location } = globalThis as { location?: Location }
  if (!location?.host) throw new Error('There is no page here: give the option `url`.')
  const { protocol, host } = location
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/ws/`
}
