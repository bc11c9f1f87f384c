import { BindingError } from '../errors.js'
import type { FakeRow } from './page.js'
import { compareValues } from './places.js'

type Values = Readonly<Record<string, unknown>>
type Measure = (rows: readonly FakeRow[], field: string) => unknown

/** What a fake stream lets measure and group by, as a binding declares it. */
export interface FakeAggregates {
  /** `{ price: ['sum', 'avg'] }` */
  readonly measures?: Readonly<Record<string, readonly string[]>>
  /** `['status', 'created:month']` */
  readonly by?: readonly string[]
}

const given = (rows: readonly FakeRow[], field: string): unknown[] =>
  rows.flatMap(row => (row[field] === null || row[field] === undefined ? [] : [row[field]]))

const placesOf = (value: unknown): number => String(value).split('.')[1]?.length ?? 0

/** Of decimals, which travel as text, text with so many places. */
function total(values: readonly unknown[], divisor: number, morePlaces: number): unknown {
  if (!values.length) return null
  const sum = values.reduce<number>((all, value) => all + Number(value), 0) / divisor
  const isText = values.some(value => typeof value === 'string')
  return isText ? sum.toFixed(Math.max(...values.map(placesOf)) + morePlaces) : Number(sum.toPrecision(12))
}

function extreme(values: readonly unknown[], sign: number): unknown {
  const isNumeric = values.every(value => !Number.isNaN(Number(value)))
  const known = (value: unknown): unknown => (isNumeric ? Number(value) : value)
  return values.toSorted((a, b) => compareValues(known(a), known(b), sign))[0] ?? null
}

const MEASURES: Readonly<Record<string, Measure>> = {
  count: (rows, field) => (field ? given(rows, field).length : rows.length),
  count_distinct: (rows, field) => new Set(given(rows, field)).size,
  sum: (rows, field) => total(given(rows, field), 1, 0),
  avg: (rows, field) => total(given(rows, field), given(rows, field).length, 4),
  min: (rows, field) => extreme(given(rows, field), 1),
  max: (rows, field) => extreme(given(rows, field), -1),
}

const DAY_MS = 86_400_000

/** The part of a day or moment, in UTC: `'2026-03-14T09:30:00Z'` by month → `'2026-03-01'`. */
function partOf(value: unknown, part: string): unknown {
  if (value === null || value === undefined || !part) return value ?? null
  const moment = new Date(String(value))
  const [day = '', month = 0] = [moment.toISOString().slice(0, 10), moment.getUTCMonth()]
  const first = (number: number): string => `${day.slice(0, 4)}-${String(number + 1).padStart(2, '0')}-01`
  const parts: Record<string, () => string> = {
    hour: () => `${moment.toISOString().slice(0, 13)}:00:00Z`,
    day: () => day,
    week: () => new Date(Date.parse(day) - ((moment.getUTCDay() + 6) % 7) * DAY_MS).toISOString().slice(0, 10),
    month: () => first(month),
    quarter: () => first(month - (month % 3)),
    year: () => first(0),
  }
  return parts[part]?.() ?? null
}

const split = (name: string): readonly [string, string] => {
  const [head = '', tail = ''] = name.split(':')
  return [head, tail]
}

/** The names that a question may hold; `invalid` for any other. */
function named(data: Values, name: string, declared: readonly string[]): string[] {
  const names = (data[name] ?? []) as string[]
  if (names.every(each => declared.includes(each))) return names
  const fields = { [name]: [{ code: 'unknown', message: `Possible: ${declared.join(', ')}.` }] }
  throw new BindingError('invalid', 'Not declared.', { fields })
}

/** What may be asked of `aggregate`, as `describe` says it. */
export function declaredOf({ measures = {}, by = [] }: FakeAggregates): { measures: string[]; by: readonly string[] } {
  const functions = Object.entries(measures).flatMap(([field, all]) => all.map(each => `${each}:${field}`))
  return { measures: ['count', ...functions], by }
}

/** The answer of `aggregate` over rows that are filtered already: what stands beside the rows, and the rows. */
export function aggregateOf(rows: readonly FakeRow[], data: Values, declared: FakeAggregates): [Values, FakeRow[]] {
  const known = declaredOf(declared)
  const measures = named(data, 'measures', known.measures)
  const by = named(data, 'by', known.by)
  const asked = measures.length ? measures : ['count']
  const groups = new Map<string, FakeRow[]>(by.length ? [] : [['[]', [...rows]]])
  for (const row of by.length ? rows : []) {
    const key = JSON.stringify(by.map(each => partOf(row[split(each)[0]], split(each)[1])))
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  const made = [...groups].map(([id, members]): FakeRow => {
    const values = JSON.parse(id) as unknown[]
    const shown = asked.map(name => [name, MEASURES[split(name)[0]]?.(members, split(name)[1])])
    return { id, ...Object.fromEntries(by.map((name, index) => [name, values[index]])), ...Object.fromEntries(shown) }
  })
  const order = (Array.isArray(data.order) ? data.order : data.order ? [data.order] : []) as string[]
  const keys = [...order, ...by].map(name => ({ name: name.replace(/^-/, ''), sign: name.startsWith('-') ? -1 : 1 }))
  made.sort((a, b) => {
    for (const { name, sign } of keys) {
      const result = compareValues(a[name], b[name], sign)
      if (result) return result
    }
    return 0
  })
  const limit = (data.limit as number | undefined) ?? 1000
  const first = made.slice(0, limit)
  return [{ limit, count: first.length, truncated: made.length > limit, order: data.order ?? null }, first]
}
