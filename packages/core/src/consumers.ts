import { ChannelsClient } from './client.js'
import type { ClientOptions } from './options.js'
import { registered } from './registered.js'

/** Makes the client of a server and keeps it under a name, for applications that speak to several. */
export function registerConsumer(name: string, options: ClientOptions = {}): ChannelsClient {
  registered.get(name)?.close()
  const client = new ChannelsClient(options)
  registered.set(name, client)
  return client
}
