import type { ConnectionState } from '@channels-binding/core'
import type { FrameLog } from '../frames/log'

/** What was measured in one second. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly messagesIn: number
  readonly messagesOut: number
  readonly latencyMs: number | null
}

/** Samples that are kept: four minutes. */
export const MOST_SAMPLES = 240
const EVERY_MS = 1_000

/** The page's own figures, one sample a second. */
export class Samples {
  readonly #log: Pick<FrameLog, 'totals'>
  readonly #client: { getState(): Pick<ConnectionState, 'latencyMs' | 'status'> }
  #samples: readonly Sample[] = []
  #last: { in: number; out: number }
  readonly #listeners = new Set<() => void>()

  constructor(log: Pick<FrameLog, 'totals'>, client: { getState(): Pick<ConnectionState, 'latencyMs' | 'status'> }) {
    this.#log = log
    this.#client = client
    this.#last = { ...log.totals }
  }

  /** Begins to measure. */
  start(): void {
    setInterval(() => this.take(), EVERY_MS)
  }

  /** Takes a sample now. */
  take(): void {
    const { totals } = this.#log
    const { latencyMs, status } = this.#client.getState()
    const sample: Sample = {
      at: Date.now(),
      messagesIn: totals.in - this.#last.in,
      messagesOut: totals.out - this.#last.out,
      latencyMs: status === 'open' ? latencyMs : null,
    }
    this.#last = { in: totals.in, out: totals.out }
    this.#samples = [...this.#samples, sample].slice(-MOST_SAMPLES)
    for (const listener of this.#listeners) listener()
  }

  /** The samples, oldest first; the same array until one is taken. */
  readonly all = (): readonly Sample[] => this.#samples

  /** Calls back with each sample. */
  readonly listen = (callback: () => void): (() => void) => {
    this.#listeners.add(callback)
    return () => this.#listeners.delete(callback)
  }
}
