import type { Cursor, WindowPage } from '../index.js'

/** Which rows a window shows: those behind `after`, up to `until` and with it; without `until`, the first that follow. */
export interface Span {
  readonly after: Cursor
  readonly until?: Cursor | undefined
}

type Page = WindowPage<{ readonly id: string | number }>

/**
 * The windows behind borders: `['', 'a', 'b']` → up to a, from a to b, from b on. They have every row behind the first border once,
 * whatever becomes of rows: a border is a place in the order, and no row.
 */
export const spansOf = (borders: readonly Cursor[]): Span[] =>
  borders.map((after, index) => ({ after, until: borders[index + 1] }))

/**
 * The borders after one change that what the windows show asks for, the same object where none does: a window that holds more
 * than it shows is parted, one that is empty joins the next.
 */
export function adjusted(borders: readonly Cursor[], pages: readonly (Page | undefined)[]): readonly Cursor[] {
  for (const [index, page] of pages.slice(0, borders.length - 1).entries()) {
    const next = index + 1
    if (!page) continue
    if (page.has_next && page.end !== null && page.end !== borders[next])
      return [...borders.slice(0, next), page.end, ...borders.slice(next)]
    if (!page.has_next && page.rows.length === 0) return borders.filter((_, other) => other !== next)
  }
  return borders
}

/**
 * The rows of all windows, each once: while one window knows of a move and the other does not yet, both hold the row.
 */
export function rowsOf<R>(pages: readonly WindowPage<R>[]): R[] {
  const rows = new Map<unknown, R>()
  for (const page of pages)
    for (const row of page.rows) {
      const { id } = row as { id: unknown }
      if (!rows.has(id)) rows.set(id, row)
    }
  return [...rows.values()]
}
