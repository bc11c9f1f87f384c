/** Bounds of the wait between two attempts, in milliseconds. */
export interface BackoffOptions {
  /** @default 250 */
  readonly minMs?: number
  /** @default 10000 */
  readonly maxMs?: number
  /** Source of chance, 0 to 1. @default Math.random */
  readonly random?: () => number
}

/**
 * How long to wait before the next attempt: anything up to a ceiling that doubles.
 * Full jitter, see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export class Backoff {
  readonly #minMs: number
  readonly #maxMs: number
  readonly #random: () => number
  #failures = 0

  constructor(options: BackoffOptions = {}) {
    this.#minMs = options.minMs ?? 250
    this.#maxMs = options.maxMs ?? 10_000
    this.#random = options.random ?? Math.random
  }

  /** The next wait in milliseconds; each one may be longer than the one before. */
  nextDelayMs(): number {
    const ceiling = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#failures++, 30))
    return Math.round(this.#random() * ceiling)
  }

  /** Forgets the failures, once things have been well for a while. */
  reset(): void {
    this.#failures = 0
  }
}
