import { ChannelsClient } from './client.js'
import type { ClientOptions } from './options.js'

const consumers = new Map<string, ChannelsClient>()

/** Makes the client of a server and keeps it under a name, for applications that speak to several. */
export function registerConsumer(name: string, options: ClientOptions = {}): ChannelsClient {
  consumers.get(name)?.close()
  const client = new ChannelsClient(options)
  consumers.set(name, client)
  return client
}

/** The client that was registered under a name. */
export function getConsumer(name: string): ChannelsClient {
  const client = consumers.get(name)
  if (!client) throw new Error(`No consumer '${name}': call registerConsumer('${name}', options) first.`)
  return client
}
