import { crc32 } from './crc32.js'
import type { Have, Message } from './types.js'
import { isList, type Window, windowOf } from './window.js'

type PrimaryKey = string | number
type Row = Readonly<Record<string, unknown>>

/** What came of a message: a window, or the finding that it does not fit the one at hand. */
export type Outcome = { readonly window: Window } | 'diverged'

interface Diff {
  readonly remove?: readonly PrimaryKey[]
  readonly put?: readonly (readonly [index: number, row: Row | PrimaryKey, etag?: string])[]
  readonly patch?: readonly (readonly [pk: PrimaryKey, changed: Row, etag: string, cleared?: readonly string[]])[]
  readonly [key: string]: unknown
}

interface Held {
  readonly row: Row
  readonly etag: string
}

const isSame = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

const pkOf = (row: Row): PrimaryKey => row.id as PrimaryKey

/** Version of a list: CRC-32 over `pk:etag` of its rows in order, joined by commas. */
export function versionOf(rows: readonly Row[], etags: readonly string[]): string {
  return crc32(rows.map((row, index) => `${pkOf(row)}:${etags[index]}`).join(','))
}

/** What a returning client says it already shows; `undefined` where there is nothing to say. */
export function haveOf(window: Window | null): Have | undefined {
  if (!window || window.v === null) return undefined
  if (!isList(window.data)) return { v: window.v }
  return { v: window.v, rows: window.data.rows.map((row, index) => [pkOf(row), window.etags[index] ?? '']) }
}

/** Applies a live message (protocol §3). Rows that did not change keep their identity. */
export function applyMessage(window: Window | null, message: Message): Outcome {
  switch (message.type) {
    case 'same':
      return window && message.v === window.v ? applySame(window, message) : 'diverged'
    case 'delta':
      return window ? applyDelta(window, message) : 'diverged'
    case 'diff':
      return window ? applyDiff(window, message) : 'diverged'
    default:
      return applySnapshot(window, message)
  }
}

function applySnapshot(window: Window | null, message: Message): Outcome {
  const { data, v, etags } = windowOf(message)
  if (!isList(data)) return { window: window && v !== null && window.v === v ? window : { data, v, etags: [] } }
  const held = window ? byPk(window) : new Map<PrimaryKey, Held>()
  const rows = data.rows.map((row, index) => {
    const old = held.get(pkOf(row))
    return old && old.etag === etags[index] ? old.row : row
  })
  return { window: { data: { ...data, rows }, v, etags } }
}

/** The rows are what they were; what stands beside them may have changed. */
function applySame(window: Window, message: Message): Outcome {
  const changes = Object.entries(message.data ?? {}).filter(([key, value]) => !isSame(value, window.data[key]))
  return { window: changes.length ? { ...window, data: { ...window.data, ...Object.fromEntries(changes) } } : window }
}

function applyDelta(window: Window, message: Message): Outcome {
  const { order, rows, ...others } = message.data as Row & { order: PrimaryKey[]; rows?: Row[] }
  const held = byPk(window)
  for (const [index, row] of (rows ?? []).entries()) held.set(pkOf(row), { row, etag: message.etags?.[index] ?? '' })
  const items = order.map(pk => held.get(pk))
  if (!items.every(item => item !== undefined)) return 'diverged'
  return verified(listOf({ ...window.data, ...others }, items), message.v)
}

function applyDiff(window: Window, message: Message): Outcome {
  if (message.from !== window.v) return message.v === window.v ? { window } : 'diverged'
  return isList(window.data) ? applyListDiff(window, message) : applyRowDiff(window, message)
}

function applyRowDiff(window: Window, message: Message): Outcome {
  const { patch = [] } = message.data as Diff
  const { row, etag } = patch.reduce<Held>((held, change) => patched(held, change), {
    row: window.data,
    etag: window.v ?? '',
  })
  return etag === message.v ? { window: { data: row, v: etag, etags: [] } } : 'diverged'
}

function applyListDiff(window: Window, message: Message): Outcome {
  const { remove = [], put = [], patch = [], ...others } = message.data as Diff
  const all = byPk(window)
  const removed = new Set(remove)
  const items = [...all.values()].filter(item => !removed.has(pkOf(item.row)))
  for (const [index, row, etag] of [...put].sort(([a], [b]) => a - b)) {
    const item = typeof row === 'object' ? { row, etag: etag ?? '' } : all.get(row)
    if (!item) return 'diverged'
    items.splice(index, 0, item)
  }
  const changes = new Map(patch.map(change => [change[0], change]))
  const next = items.map(item => {
    const change = changes.get(pkOf(item.row))
    return change ? patched(item, change) : item
  })
  return verified(listOf({ ...window.data, ...others }, next), message.v)
}

function patched(held: Held, [, changed, etag, cleared = []]: NonNullable<Diff['patch']>[number]): Held {
  const gone = new Set(cleared)
  const kept = gone.size ? Object.fromEntries(Object.entries(held.row).filter(([name]) => !gone.has(name))) : held.row
  return { row: { ...kept, ...changed }, etag }
}

function byPk(window: Window): Map<PrimaryKey, Held> {
  if (!isList(window.data)) return new Map()
  return new Map(window.data.rows.map((row, index) => [pkOf(row), { row, etag: window.etags[index] ?? '' }]))
}

function listOf(data: Row, items: readonly Held[]): Window {
  const rows = items.map(item => item.row)
  const etags = items.map(item => item.etag)
  return { data: { ...data, rows }, v: versionOf(rows, etags), etags }
}

/** The divergence check: what was built must have the version that the server says it has. */
function verified(window: Window, v: string | undefined): Outcome {
  return window.v === v ? { window } : 'diverged'
}
