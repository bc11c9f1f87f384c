import { crc32 } from '../crc32.js'
import { versionOf } from '../diffs.js'
import type { Have, Message } from '../types.js'

/** A row of a fake table. */
export type FakeRow = { readonly id: string | number; readonly [field: string]: unknown }

/** What a read answers at one moment: its data, an etag for each row, and the version. */
export interface Page {
  readonly data: Readonly<Record<string, unknown>>
  readonly rows: readonly FakeRow[]
  readonly etags: readonly string[]
  readonly v: string
}

/** 12 hex digits that stand for the row's JSON. */
export function etagOf(row: FakeRow): string {
  const json = JSON.stringify(row)
  return (crc32(json) + crc32(`${json}!`)).slice(0, 12)
}

/** A page with its etags and version. */
export function pageOf(data: Readonly<Record<string, unknown>>, rows: readonly FakeRow[]): Page {
  const etags = rows.map(etagOf)
  return { data, rows, etags, v: versionOf(rows, etags) }
}

/** The whole page. */
export function snapshotOf({ data, rows, etags, v }: Page): Omit<Message, 'event'> {
  return { type: 'snapshot', v, data: { ...data, rows }, etags }
}

/** The answer to a client that comes back with `have`. */
export function answerTo(have: Have, page: Page): Omit<Message, 'event'> {
  const { order: _order, ...others } = page.data
  if (have.v === page.v) return { type: 'same', v: page.v, data: others }
  const held = new Map(have.rows ?? [])
  const missing = page.rows.filter((row, index) => held.get(row.id) !== page.etags[index])
  return {
    type: 'delta',
    v: page.v,
    data: { order: page.rows.map(row => row.id), rows: missing, ...others },
    etags: missing.map(etagOf),
  }
}

/** What turns one page into the other; `null` where nothing does. */
export function diffOf(old: Page, page: Page): Omit<Message, 'event'> | null {
  const kept = keptInPlace(old, page)
  const before = new Map(old.rows.map(row => [row.id, row]))
  const remove = old.rows.filter(row => !kept.has(row.id)).map(row => row.id)
  const put = page.rows.flatMap((row, index): [number, unknown, string?][] => {
    if (kept.has(row.id)) return []
    return before.has(row.id) ? [[index, row.id]] : [[index, row, etagOf(row)]]
  })
  const patch = page.rows.flatMap(row => {
    const was = before.get(row.id)
    return was ? patchOf(was, row) : []
  })
  const others = Object.entries(page.data).filter(([key, value]) => !isSame(value, old.data[key]))
  if (!remove.length && !put.length && !patch.length && !others.length) return null
  const data = {
    ...(remove.length && { remove }),
    ...(put.length && { put }),
    ...(patch.length && { patch }),
    ...Object.fromEntries(others),
  }
  return { type: 'diff', from: old.v, v: page.v, data }
}

/** The patch that makes one row of another: `[[pk, changed, etag, cleared?]]`, empty where they are equal. */
export function patchOf(was: FakeRow, row: FakeRow): unknown[] {
  const changed = Object.entries(row).filter(([name, value]) => !isSame(value, was[name]))
  const cleared = Object.keys(was).filter(name => !Object.hasOwn(row, name))
  if (!changed.length && !cleared.length) return []
  return [[row.id, Object.fromEntries(changed), etagOf(row), ...(cleared.length ? [cleared] : [])]]
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The rows that both pages hold in the same order, as many as possible: the others move. */
function keptInPlace(old: Page, page: Page): Set<string | number> {
  const places = new Map(page.rows.map((row, index) => [row.id, index]))
  const chains: { length: number; place: number; id: string | number; before: number }[] = []
  for (const { id } of old.rows) {
    const place = places.get(id)
    if (place === undefined) continue
    let before = -1
    for (const [index, chain] of chains.entries())
      if (chain.place < place && chain.length >= (chains[before]?.length ?? 1)) before = index
    chains.push({ length: (chains[before]?.length ?? 0) + 1, place, id, before })
  }
  let last = chains.reduce((best, chain, index) => (chain.length > (chains[best]?.length ?? 0) ? index : best), -1)
  const kept = new Set<string | number>()
  for (let chain = chains[last]; chain; chain = chains[last]) {
    kept.add(chain.id)
    last = chain.before
  }
  return kept
}
