/** Runs a callback of the user's; what it throws is reported and never reaches the message handling. */
export function safely(callback: () => void): void {
  try {
    callback()
  } catch (error) {
    console.error(error)
  }
}

/** A set of callbacks; `add` returns the function that takes the callback out again. */
export class Listeners<A extends unknown[] = []> {
  readonly #callbacks = new Set<{ call: (...args: A) => void }>()

  get size(): number {
    return this.#callbacks.size
  }

  add(callback: (...args: A) => void): () => void {
    const entry = { call: callback }
    this.#callbacks.add(entry)
    return () => {
      this.#callbacks.delete(entry)
    }
  }

  emit(...args: A): void {
    for (const entry of [...this.#callbacks]) safely(() => entry.call(...args))
  }
}
