import { BindingError, type FieldErrors } from '../errors.js'
import type { Description, FormField, FormReply, Labels } from '../types.js'
import type { FakeFormset } from './formset.js'
import { type FakeRow, type Page, pageOf } from './page.js'

/** What a fake stream holds and how it behaves. */
export interface FakeTableOptions {
  readonly rows?: readonly FakeRow[]
  /** What `describe` answers, over sensible defaults. */
  readonly describe?: Partial<Description>
  /** The fields of `form`; their `value` comes from the row. */
  readonly fields?: readonly FormField[]
  /** Rows beside the form. */
  readonly formsets?: readonly FakeFormset[]
  /** What is wrong with values about to be saved; empty for nothing. */
  readonly validate?: (values: Readonly<Record<string, unknown>>, id: string | number | null) => FieldErrors
  /** The texts of relations in these rows. */
  readonly labels?: (rows: readonly FakeRow[]) => Labels
  /** Which rows a filter keeps. @default equality with the field of that name */
  readonly filter?: (row: FakeRow, name: string, value: unknown) => boolean
  /** Where `query` looks. @default every text */
  readonly searchFields?: readonly string[]
}

type Values = Readonly<Record<string, unknown>>

const contains = (value: unknown, text: string): boolean =>
  typeof value === 'string' && value.toLowerCase().includes(text.toLowerCase())

/** Which comes first; what is `null` comes last, whatever the sign. */
function compare(a: unknown, b: unknown, sign: number): number {
  if (a === b) return 0
  if (a === null || a === undefined) return 1
  if (b === null || b === undefined) return -1
  return (a as string) < (b as string) ? -sign : sign
}

/** A small table in memory that answers the built-in actions of a model stream. */
export class FakeTable {
  readonly stream: string
  readonly options: FakeTableOptions
  readonly #rows: Map<string | number, FakeRow>

  constructor(stream: string, options: FakeTableOptions) {
    this.stream = stream
    this.options = options
    this.#rows = new Map((options.rows ?? []).map(row => [row.id, row]))
  }

  get rows(): readonly FakeRow[] {
    return [...this.#rows.values()]
  }

  /** The row, or `undefined`. */
  get(id: unknown): FakeRow | undefined {
    return this.#rows.get(id as string | number)
  }

  /** The row, or `not_found`. */
  find(id: unknown): FakeRow {
    const row = this.get(id)
    if (!row) throw new BindingError('not_found', `No ${this.stream} with this id.`)
    return row
  }

  insert(values: Values): FakeRow {
    const largest = Math.max(0, ...[...this.#rows.keys()].filter(id => typeof id === 'number'))
    const row: FakeRow = { id: largest + 1, ...values }
    this.#rows.set(row.id, row)
    return row
  }

  update(id: string | number, values: Values): FakeRow {
    const row = { ...this.find(id), ...values, id }
    this.#rows.set(id, row)
    return row
  }

  remove(id: string | number): void {
    this.find(id)
    this.#rows.delete(id)
  }

  /** Back to these rows: what came later never happened. */
  restore(rows: readonly FakeRow[]): void {
    this.#rows.clear()
    for (const row of rows) this.#rows.set(row.id, row)
  }

  /** What `validate` says, as an error. */
  check(values: Values, id: string | number | null): void {
    const fields = this.options.validate?.(values, id) ?? {}
    if (Object.keys(fields).length) throw new BindingError('invalid', 'Please check the fields.', { fields })
  }

  /** The page that a `search` or `list` shows. */
  page(action: string, data: Values): Page {
    const found = this.#sorted(this.#found(data), data.order)
    const order = data.order ?? null
    if (action === 'list') return this.#pageOf({ count: found.length, order }, found, data)
    const page = (data.page as number | undefined) ?? 1
    const limit = (data.limit as number | undefined) ?? 25
    const rows = found.slice((page - 1) * limit, page * limit)
    return this.#pageOf({ page, limit, count: found.length, order }, rows, data)
  }

  /** The row cut to the fields asked for. */
  narrowed(row: FakeRow, fields: unknown): FakeRow {
    if (!Array.isArray(fields)) return row
    return { id: row.id, ...Object.fromEntries(fields.map((name: string) => [name, row[name]])) }
  }

  /** The form with the values of a row, or as submitted. */
  form(id: string | number | null, errors: FieldErrors = {}, submitted?: Values): FormReply<FakeRow> {
    const object = id === null ? null : this.find(id)
    const fields = (this.options.fields ?? []).map(field => ({
      ...field,
      value: submitted?.[field.name] ?? object?.[field.name] ?? field.value ?? field.initial ?? null,
      errors: errors[field.name] ?? [],
    }))
    return { fields, object, errors, success: false }
  }

  describe(): Description {
    const names = Object.keys(this.rows[0] ?? { id: 0 })
    return {
      stream: this.stream,
      label: this.stream,
      label_plural: `${this.stream}s`,
      pk: 'id',
      page_size: 25,
      max_page_size: 1000,
      search: true,
      ordering: names,
      actions: ['retrieve', 'search', 'list', 'create', 'update', 'save', 'delete', 'form', 'describe'],
      can: { create: true, update: true, delete: true },
      fields: names.map(name => ({ name, label: name, type: 'string', editable: name !== 'id', sortable: true })),
      filters: [],
      ...this.options.describe,
    }
  }

  #found(data: Values): FakeRow[] {
    const filters = Object.entries((data.filters as Values | undefined) ?? {})
    const filter = this.options.filter ?? ((row, name, value) => row[name] === value)
    const query = (data.query as string | undefined) ?? ''
    return this.rows.filter(
      row =>
        filters.every(([name, value]) => filter(row, name, value)) &&
        (!query || (this.options.searchFields ?? Object.keys(row)).some(name => contains(row[name], query))),
    )
  }

  #sorted(rows: FakeRow[], order: unknown): FakeRow[] {
    const names = (Array.isArray(order) ? order : order ? [order] : []) as string[]
    const keys = [...names, 'id'].map(name => ({ field: name.replace(/^-/, ''), sign: name.startsWith('-') ? -1 : 1 }))
    return rows.sort((a, b) => {
      for (const { field, sign } of keys) {
        const result = compare(a[field], b[field], sign)
        if (result) return result
      }
      return 0
    })
  }

  #pageOf(about: Values, rows: readonly FakeRow[], data: Values): Page {
    const labels = data.labels ? { labels: this.options.labels?.(rows) ?? {} } : {}
    return pageOf(
      { ...about, ...labels },
      rows.map(row => this.narrowed(row, data.fields)),
    )
  }
}
