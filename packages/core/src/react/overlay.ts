/** A change of the user's own that the server has not confirmed yet. */
export interface Overlay {
  readonly stream: string
  readonly id: string | number
  readonly values: Readonly<Record<string, unknown>>
}

interface Target {
  readonly stream: string
  readonly action: string
}

type Row = Readonly<Record<string, unknown>>

/**
 * The optimistic changes that are not confirmed yet. They are applied to the server's data each time it is shown and never
 * stored in it: a push of another user does not remove them, and removing one restores the server's data exactly.
 */
export class Overlays {
  readonly #overlays = new Set<Overlay>()
  readonly #cache = new WeakMap<object, { drawn: object; by: readonly Overlay[] }>()

  /** Adds a patch; returns the function that takes it back. */
  add(overlay: Overlay): () => void {
    this.#overlays.add(overlay)
    return () => {
      this.#overlays.delete(overlay)
    }
  }

  /** The data of a read with the patches of its stream over it; the same object where none applies. */
  over(target: Target, data: unknown): unknown {
    const overlays = [...this.#overlays].filter(overlay => overlay.stream === target.stream)
    if (!overlays.length || typeof data !== 'object' || data === null) return data
    const { rows } = data as { rows?: readonly Row[] }
    if (!Array.isArray(rows)) return this.#drawn(data as Row, overlays)
    const shown = rows.map(row => this.#drawn(row, overlays))
    return shown.every((row, index) => row === rows[index]) ? data : { ...data, rows: shown }
  }

  #drawn(row: Row, overlays: readonly Overlay[]): Row {
    const own = overlays.filter(overlay => overlay.id === row.id)
    if (!own.length) return row
    const cached = this.#cache.get(row)
    if (cached && cached.by.length === own.length && cached.by.every((overlay, index) => overlay === own[index]))
      return cached.drawn as Row
    const fields = own.flatMap(overlay => Object.entries(overlay.values)).filter(([name]) => Object.hasOwn(row, name))
    const drawn = { ...row, ...Object.fromEntries(fields) }
    this.#cache.set(row, { drawn, by: own })
    return drawn
  }
}
