import { ChannelsClient, type ClientOptions } from '@channels-binding/core'
import type { Config } from './config'
import { FrameLog } from './frames/log'
import { SocketPlaces } from './sockets'

/** What may carry a message: whatever works, or what somebody has chosen. */
export type Way = 'auto' | 'ws' | 'http'

/** The page's clients, one for each way; those of the last two are made when they are asked for. */
export class Clients {
  readonly frames = new FrameLog()
  readonly #config: Config
  readonly #made = new Map<Way, ChannelsClient>()

  constructor(config: Config) {
    this.#config = config
  }

  /** The client of a way. */
  of(way: Way): ChannelsClient {
    const known = this.#made.get(way)
    if (known) return known
    const places = new SocketPlaces(this.#config.sockets, window.location)
    const options: ClientOptions = {
      transport: way,
      url: () => places.next(),
      apiUrl: this.#config.api,
      heartbeat: { intervalMs: 3_000 },
    }
    const client = new ChannelsClient(options)
    client.onState(() => client.getState().transport === 'ws' && places.found())
    client.onFrame(frame => this.frames.add(frame, client.getState().transport))
    this.#made.set(way, client)
    return client
  }
}
