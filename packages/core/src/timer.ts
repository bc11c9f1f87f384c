/** Longest wait in milliseconds, 23 days: what is above 2³¹, and `Infinity`, `setTimeout` takes for no wait at all. */
export const LONGEST_MS = 2e9

/** One thing that happens later; another one takes its place. */
export class Timer {
  #id: ReturnType<typeof setTimeout> | undefined

  /** Whether it has not happened yet. */
  get isRunning(): boolean {
    return this.#id !== undefined
  }

  start(callback: () => void, ms: number): void {
    this.stop()
    this.#id = setTimeout(
      () => {
        this.stop()
        callback()
      },
      Math.min(ms, LONGEST_MS),
    )
  }

  stop(): void {
    clearTimeout(this.#id)
    this.#id = undefined
  }
}
