import { BindingError, type FieldErrors } from '../errors.js'
import type { Description, FormField, FormReply, Highlights, Labels } from '../types.js'
import { aggregateOf, declaredOf, type FakeAggregates } from './aggregate.js'
import type { FakeFormset } from './formset.js'
import { type FakeRow, type Page, pageOf } from './page.js'
import { isByPlaces, Places } from './places.js'

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
  /** What `aggregate` may measure and group by; without it the stream does not offer it. */
  readonly aggregates?: FakeAggregates
  /** What may be put into rows, by its path: `{ customer: { stream: 'shop.Customer', key: 'customer' } }`. */
  readonly expandable?: Readonly<Record<string, FakeRelation>>
  /** Where `query` looks. @default every text */
  readonly searchFields?: readonly string[]
}

/** Where related rows are: one, whose key stands in a field of the row, or several, in a field of which stands the row's key. */
export type FakeRelation = { readonly stream: string } & (
  | { readonly key: string }
  | { readonly by: string; readonly limit?: number; readonly order?: string }
)

type Values = Readonly<Record<string, unknown>>

const undeclared = (path: unknown): BindingError =>
  new BindingError('invalid', `${String(path)} cannot be expanded.`, {
    fields: { expand: [{ code: 'unknown', message: 'That cannot be expanded.' }] },
  })

const contains = (value: unknown, text: string): boolean =>
  typeof value === 'string' && value.toLowerCase().includes(text.toLowerCase())

/** A small table in memory that answers the built-in actions of a model stream. */
export class FakeTable {
  readonly stream: string
  readonly options: FakeTableOptions
  /** What `describe` answers over all else. */
  description: Partial<Description> = {}
  readonly #rows: Map<string | number, FakeRow>
  readonly #others: (stream: string) => FakeTable

  constructor(stream: string, options: FakeTableOptions, others?: (stream: string) => FakeTable) {
    this.stream = stream
    this.options = options
    this.#others = others ?? (() => this)
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

  /** The page that a `search`, `list` or `aggregate` shows. */
  page(action: string, data: Values): Page {
    if (action === 'aggregate') return this.#pageOf(...this.#measured(data), data)
    const found = this.#sorted(this.#found(data), data.order)
    const order = data.order ?? null
    if (action === 'list') return this.#pageOf({ count: found.length, order }, found, data)
    const limit = (data.limit as number | undefined) ?? 25
    if (isByPlaces(data)) return this.#pageOf(...this.#window(found, limit, order, data), data)
    const page = (data.page as number | undefined) ?? 1
    const rows = found.slice((page - 1) * limit, page * limit)
    const has_next = found.length > page * limit
    const about =
      data.count === false
        ? { has_next }
        : data.count === 'estimate'
          ? { count: found.length, count_is: 'exact', has_next }
          : { count: found.length }
    return this.#pageOf({ page, limit, ...about, order }, rows, data)
  }

  #measured(data: Values): [Values, readonly FakeRow[]] {
    const { aggregates } = this.options
    if (!aggregates) throw new BindingError('method_not_allowed', `No action aggregate on ${this.stream}.`)
    const { exclude = [] } = data as { exclude?: readonly unknown[] }
    const found = this.#found(data).filter(row => !exclude.includes(row.id))
    return aggregateOf(found, data, aggregates)
  }

  /** The rows between places, and what is said of them. */
  #window(found: readonly FakeRow[], limit: number, order: unknown, data: Values): [Values, readonly FakeRow[]] {
    const places = new Places(order)
    const { after, before, until } = data
    const isForward = before === undefined
    const inside = found.filter(
      row => places.isBehind(row, after, true) && !places.isBehind(row, until, false) && places.isInFront(row, before),
    )
    const rows = isForward ? inside.slice(0, limit) : inside.slice(-limit)
    const hasMore = inside.length > limit
    const [first, last] = [rows[0], rows.at(-1)]
    const edges = { start: first ? places.cursorOf(first) : null, end: last ? places.cursorOf(last) : null }
    return [{ limit, ...(isForward ? { has_next: hasMore } : { has_previous: hasMore }), ...edges, order }, rows]
  }

  /** The row as a read shows it: cut to the `fields` asked for, with the related rows of `expand`. */
  shown(row: FakeRow, { fields, expand }: Values): FakeRow {
    const cut = Array.isArray(fields)
      ? { id: row.id, ...Object.fromEntries(fields.map((name: string) => [name, row[name]])) }
      : row
    if (!Array.isArray(expand) || !expand.length) return cut
    for (const path of expand) if (!this.#isExpandable(path)) throw undeclared(path)
    return { ...cut, expand: this.#related(row, expand, this.stream, '') }
  }

  #isExpandable(path: unknown): boolean {
    const declared = Object.keys(this.options.expandable ?? {})
    return declared.some(each => each === path || each.startsWith(`${String(path)}.`))
  }

  #related(row: FakeRow, paths: readonly string[], stream: string, above: string): Record<string, unknown> {
    const heads = [...new Set(paths.map(path => path.split('.')[0] ?? ''))]
    return Object.fromEntries(
      heads.map(name => {
        const below = paths.filter(path => path.startsWith(`${name}.`)).map(path => path.slice(name.length + 1))
        const relation = this.options.expandable?.[`${above}${name}`] ?? { stream, key: name }
        const rows = this.#rowsOf(row, relation).map(each =>
          below.length ? { ...each, expand: this.#related(each, below, relation.stream, `${above}${name}.`) } : each,
        )
        return [name, 'key' in relation ? (rows[0] ?? null) : rows]
      }),
    )
  }

  #rowsOf(row: FakeRow, relation: FakeRelation): readonly FakeRow[] {
    const table = this.#others(relation.stream)
    if ('key' in relation) return table.rows.filter(each => each.id === row[relation.key])
    const places = new Places(relation.order)
    const rows = table.rows.filter(each => each[relation.by] === row.id).sort((a, b) => places.compare(a, b))
    return rows.slice(0, relation.limit ?? 20)
  }

  /** The rows of a `retrieve` of several, in the order asked for; missing ones are left out. */
  several(ids: readonly unknown[], data: Values): Values {
    const rows = ids.flatMap(id => this.get(id) ?? [])
    const labels = data.labels === true && { labels: this.options.labels?.(rows) ?? {} }
    return { rows: rows.map(row => this.shown(row, data)), ...labels }
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
    const { aggregates } = this.options
    const actions = ['retrieve', 'search', 'list', 'create', 'update', 'save', 'delete', 'form', 'describe']
    return {
      stream: this.stream,
      label: this.stream,
      label_plural: `${this.stream}s`,
      pk: 'id',
      page_size: 25,
      max_page_size: 1000,
      search: true,
      ordering: names,
      actions: aggregates ? [...actions, 'aggregate'] : actions,
      ...(aggregates && { aggregate: declaredOf(aggregates) }),
      can: { create: true, update: true, delete: true },
      fields: names.map(name => ({ name, label: name, type: 'string', editable: name !== 'id', sortable: true })),
      filters: [],
      ...(this.options.expandable && { expandable: this.#expandable() }),
      ...this.options.describe,
      ...this.description,
    }
  }

  #expandable(): NonNullable<Description['expandable']> {
    return Object.entries(this.options.expandable ?? {}).map(([name, relation]) => ({
      name,
      stream: relation.stream,
      limit: 'key' in relation ? null : (relation.limit ?? 20),
    }))
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
    const places = new Places(order)
    return rows.sort((a, b) => places.compare(a, b))
  }

  #highlights(rows: readonly FakeRow[], query: string): Highlights {
    const names = (row: FakeRow): readonly string[] => this.options.searchFields ?? Object.keys(row)
    const marked = (row: FakeRow): (readonly [string, readonly string[]])[] =>
      names(row).flatMap(name => {
        const text = row[name]
        const at = query && typeof text === 'string' ? text.toLowerCase().indexOf(query.toLowerCase()) : -1
        if (at < 0 || typeof text !== 'string') return []
        return [[name, [text.slice(0, at), text.slice(at, at + query.length), text.slice(at + query.length)]]]
      })
    const found = rows.map(row => [String(row.id), Object.fromEntries(marked(row))] as const)
    return Object.fromEntries(found.filter(([, fields]) => Object.keys(fields).length > 0))
  }

  #pageOf(about: Values, rows: readonly FakeRow[], data: Values): Page {
    const labels = data.labels ? { labels: this.options.labels?.(rows) ?? {} } : {}
    const shown = rows.map(row => this.shown(row, data))
    const query = (data.query as string | undefined) ?? ''
    const highlights = data.highlight ? { highlights: this.#highlights(shown, query) } : {}
    return pageOf({ ...about, ...labels, ...highlights }, shown)
  }
}
