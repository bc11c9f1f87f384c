/** The fields that name a row, where it has one of them. */
export const NAMES: readonly string[] = ['label', 'name', 'title', 'username']

/** What stands for a row where there is room for one text only: its `label`, `name`, `title`, `username`, or `#id`. */
export function textOf(row: Readonly<Record<string, unknown>>): string {
  const text = NAMES.map(name => row[name]).find(each => each !== undefined && each !== null)
  return text === undefined ? `#${row.id}` : String(text)
}

/** The text of a related row by its key, of any: `{}` has a `constructor` that is none, and an object in a cell takes the page away. */
export function labelOf(labels: Readonly<Record<string, string>> | undefined, key: unknown): string | undefined {
  if (labels === undefined || typeof key === 'object') return undefined // no key; it may have no text at all
  const name = String(key)
  return Object.hasOwn(labels, name) ? labels[name] : undefined
}

/** A value as text, whatever it is. */
export function plainText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** What stands for related rows: their texts, their keys where there are none. */
export function relationText(value: unknown, texts: Readonly<Record<string, string>> | undefined): string {
  const text = (key: unknown): string => labelOf(texts, key) ?? plainText(key)
  return Array.isArray(value) ? value.map(text).join(', ') : text(value)
}

/** The first message of each field error, in one sentence for people. */
export function messagesOf(errors: readonly { readonly message: string }[] | undefined): string {
  return (errors ?? []).map(error => error.message).join(' ')
}

/** Why a read was refused, with what is wrong with which name where the server says so: `…: titel: Cannot filter by that.` */
export function reasonOf(error: Refusal | null | undefined): string | null {
  if (!error) return null
  const details = leavesOf(error.fields ?? {}).filter(([, message]) => message !== error.message)
  return [error.message, ...details.map(([name, message]) => `${name}: ${message}`)].join(' ')
}

/** What of a `BindingError` is shown. */
interface Refusal {
  readonly message: string
  readonly fields?: object | null
}

/** `{filters: {titel: [{message: '…'}]}}` → `[['titel', '…']]` */
function leavesOf(fields: object): [string, string][] {
  return Object.entries(fields).flatMap(([name, found]: [string, unknown]): [string, string][] => {
    if (Array.isArray(found)) return [[name, messagesOf(found)]]
    return typeof found === 'object' && found !== null ? leavesOf(found) : []
  })
}

/** `'12'` → 12; `''` → null; anything else stays text, for the server to say what is wrong with it. */
export function parseInteger(text: string): number | string | null {
  const trimmed = text.trim()
  if (!trimmed) return null
  const number = Number(trimmed)
  return /^[+-]?\d+$/.test(trimmed) && Number.isSafeInteger(number) ? number : trimmed
}

/**
 * The moment with the fraction of its second that no field shows, where the second is that of before:
 * `('2026-11-23T13:30:05.000Z', '2026-11-22T13:30:05.123456Z')` → `'2026-11-23T13:30:05.123456Z'`.
 */
export function keepFraction(text: string, before: unknown): string {
  const parts = /^(.*T\d\d:\d\d:(\d\d))(?:\.\d+)?(.*)$/.exec(text)
  const old = typeof before === 'string' ? /T\d\d:\d\d:(\d\d)(\.\d+)/.exec(before) : null
  return parts && old && old[1] === parts[2] ? `${parts[1]}${old[2]}${parts[3]}` : text
}
