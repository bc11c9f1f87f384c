/**
 * Where the socket is, of several places: the next one is tried each time, until one has opened.
 * Knows addresses; knows nothing of sockets.
 */
export class SocketPlaces {
  readonly #urls: readonly string[]
  #at = -1
  #isFound = false

  constructor(paths: readonly string[], location: Pick<Location, 'protocol' | 'host'>) {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
    this.#urls = paths.map(path => `${scheme}//${location.host}${path}`)
  }

  /** The address to try now. */
  next(): string {
    if (!this.#isFound || this.#at < 0) this.#at = (this.#at + 1) % this.#urls.length
    return this.#urls[this.#at]!
  }

  /** The last one has opened: it is tried again from now on. */
  found(): void {
    this.#isFound = true
  }
}
