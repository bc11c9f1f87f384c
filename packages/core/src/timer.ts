/** One thing that happens later; another one takes its place. */
export class Timer {
  #id: ReturnType<typeof setTimeout> | undefined

  /** Whether it has not happened yet. */
  get isRunning(): boolean {
    return this.#id !== undefined
  }

  start(callback: () => void, ms: number): void {
    this.stop()
    this.#id = setTimeout(() => {
      this.#id = undefined
      callback()
    }, ms)
  }

  stop(): void {
    clearTimeout(this.#id)
    this.#id = undefined
  }
}
