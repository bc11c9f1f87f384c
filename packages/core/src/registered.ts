import type { ChannelsClient } from './client.js'

/** The clients that were registered, by name. */
export const registered: Map<string, ChannelsClient> = new Map()

/** The client that was registered under a name. */
export function getConsumer(name: string): ChannelsClient {
  const client = registered.get(name)
  if (!client) throw new Error(`No consumer '${name}': call registerConsumer('${name}').`)
  return client
}
