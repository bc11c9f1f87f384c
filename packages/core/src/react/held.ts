/** What the server has changed and is not shown yet, with `live: 'notify'`. */
export interface Held {
  /** Rows that are new. */
  readonly added: number
  /** Rows that show something else. */
  readonly changed: number
  /** Rows that are not there any more. */
  readonly removed: number
}

type Row = { readonly id?: unknown }

/** Nothing; always this object. */
export const NOTHING_HELD: Held = Object.freeze({ added: 0, changed: 0, removed: 0 })

const rowsOf = (data: unknown): readonly Row[] => {
  const { rows = [data as Row] } = (data ?? {}) as { rows?: readonly Row[] }
  return rows
}

/** What differs between what is shown and what there is; `before` where that is the same. */
export function heldBetween(shown: unknown, data: unknown, before: Held): Held {
  const old = new Map(rowsOf(shown).map(row => [row.id, row]))
  const now = rowsOf(data)
  const added = now.filter(row => !old.has(row.id)).length
  const changed = now.filter(row => old.has(row.id) && old.get(row.id) !== row).length
  const held = { added, changed, removed: old.size - (now.length - added) }
  const isSame = (Object.keys(held) as (keyof Held)[]).every(name => held[name] === before[name])
  return isSame ? before : held
}
