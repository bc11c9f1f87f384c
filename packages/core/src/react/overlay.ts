/** A change of the user's own that the server has not confirmed yet. */
export interface Overlay {
  readonly stream: string
  readonly id: string | number
  readonly values: Readonly<Record<string, unknown>>
  /** What becomes of the row. @default 'changed' */
  readonly fate?: 'changed' | 'deleted' | 'made'
  /** Whether a row that is deleted is counted by a list with these parameters, on another page of it. @default not */
  readonly isCounted?: (params: unknown) => boolean
}

interface Target {
  readonly stream: string
  readonly action: string
  readonly params?: unknown
}

type Row = Readonly<Record<string, unknown>>

/** How far a change has come. */
interface Fate {
  /** The rows as they were when it was made. */
  readonly before: WeakSet<Row>
  isDrawn: boolean
  isConfirmed: boolean
}

const ROWS = new WeakMap<Overlay, Row>()

/** A row that is to be made, as it is shown meanwhile; the same one each time. */
function rowOf(overlay: Overlay): Row {
  const row = ROWS.get(overlay) ?? { ...overlay.values, id: overlay.id }
  ROWS.set(overlay, row)
  return row
}

/** Whether a row that is to be made would be seen: where nothing is left out that it might not fit. */
function isWholeFirstPage(params: unknown): boolean {
  const { page = 1, filters = {}, query = '' } = (params ?? {}) as { page?: number; filters?: object; query?: string }
  return page === 1 && !query && Object.keys(filters).length === 0
}

/** Whether a row that is to be made is not there yet: the server may show it before it says that it is made. */
const isMissing = ({ fate, values }: Overlay, rows: readonly Row[]): boolean =>
  fate === 'made' && !rows.some(row => Object.entries(values).every(([name, value]) => row[name] === value))

/**
 * The optimistic changes that are not confirmed yet. They are applied to the server's data each time it is shown and never
 * stored in it: a push of another user does not remove them, and removing one restores the server's data exactly.
 */
export class Overlays {
  readonly #overlays = new Map<Overlay, Fate>()
  readonly #cache = new WeakMap<object, { drawn: object; by: readonly Overlay[] }>()

  /** Adds a patch; returns the function that takes it back. */
  add(overlay: Overlay): () => void {
    this.#overlays.set(overlay, { before: new WeakSet(), isDrawn: false, isConfirmed: false })
    return () => {
      this.#overlays.delete(overlay)
    }
  }

  /** It was drawn over all that is shown: these are the rows as they were before it. */
  drawn(overlay: Overlay): void {
    const fate = this.#overlays.get(overlay)
    if (fate) fate.isDrawn = true
  }

  /** The server has confirmed it: it stays over rows as they were before it, until the server's own take their place. */
  confirm(overlay: Overlay): void {
    const fate = this.#overlays.get(overlay)
    if (fate) fate.isConfirmed = true
  }

  /** The data of a read with the patches of its stream over it, or with those given; the same object where none applies. */
  over(target: Target, data: unknown, patches: Iterable<Overlay> = this.#overlays.keys()): unknown {
    const overlays = [...patches].filter(overlay => overlay.stream === target.stream)
    if (!overlays.length || typeof data !== 'object' || data === null) return data
    const { rows } = data as { rows?: readonly Row[] }
    if (!Array.isArray(rows)) return this.#drawn(data as Row, overlays)
    const made = isWholeFirstPage(target.params) ? overlays.filter(overlay => isMissing(overlay, rows)) : []
    const deleted = overlays.filter(overlay => overlay.fate === 'deleted')
    const kept = rows.filter(row => !deleted.some(overlay => this.#isOver(overlay, row)))
    const shown = [...made.map(rowOf), ...kept.map(row => this.#drawn(row, overlays))]
    const isElsewhere = ({ id, isCounted }: Overlay): boolean | undefined =>
      isCounted?.(target.params) && !rows.some(row => row.id === id)
    const elsewhere = deleted.filter(isElsewhere).length
    if (!elsewhere && shown.length === rows.length && shown.every((row, index) => row === rows[index])) return data
    const { count } = data as { count?: unknown }
    const more = made.length - (rows.length - kept.length) - elsewhere
    return { ...data, rows: shown, ...(typeof count === 'number' && { count: count + more }) }
  }

  #isOver(overlay: Overlay, row: Row): boolean {
    const fate = this.#overlays.get(overlay)
    if (!fate || overlay.id !== row.id) return false
    if (!fate.isDrawn) fate.before.add(row)
    return !fate.isConfirmed || fate.before.has(row)
  }

  #drawn(row: Row, overlays: readonly Overlay[]): Row {
    const own = overlays.filter(overlay => (overlay.fate ?? 'changed') === 'changed' && this.#isOver(overlay, row))
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
