import { BindingError, type WireError } from '../errors.js'
import { parseEvent } from '../names.js'
import type { Request } from '../types.js'
import { wireOf } from './connection.js'
import { FakeForm } from './form.js'
import { etagOf, type FakeRow } from './page.js'
import { resolved } from './references.js'
import { FakeTable, type FakeTableOptions } from './table.js'

type Data = Record<string, unknown>

/** What an action is answered with; of a row that was written, with its version. */
export interface Answer {
  readonly data: unknown
  readonly v?: string
}

/** Operations that are sent as one. */
export interface Batch {
  readonly ops: readonly (Request & { readonly as?: string })[]
  readonly atomic?: boolean
}

/**
 * The streams with rows of a fake server, and what is done to them: the built-in actions, batches, and changes that belong together.
 * Knows rows; knows nothing of connections, nor of who is told of a change.
 */
export class FakeTables {
  readonly #tables = new Map<string, FakeTable>()
  /** Called once for changes that belong together. */
  readonly #changed: () => void
  #depth = 0

  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Adds a stream. */
  bind(stream: string, options: FakeTableOptions): FakeTable {
    const table = new FakeTable(stream, options, other => this.get(other))
    this.#tables.set(stream, table)
    return table
  }

  /** The rows of a stream; `not_found` where there is none of that name. */
  get(stream: string): FakeTable {
    const table = this.#tables.get(stream)
    if (!table) throw new BindingError('not_found', `No stream ${stream}.`)
    return table
  }

  /** Changes rows; they are told of now, or with those around them. */
  change<T>(work: () => T): T {
    const result = work()
    if (!this.#depth) this.#changed()
    return result
  }

  /** Several changes that are told of together. */
  commit(work: () => void): void {
    this.#depth++
    try {
      work()
    } finally {
      this.#depth--
      this.#changed()
    }
  }

  /** One of the built-in actions that are no reads. */
  act(table: FakeTable, action: string, data: Data): Answer {
    const { id, ...values } = data as { id?: string | number }
    switch (action) {
      case 'create':
        return this.#save(table, values, null)
      case 'update':
      case 'save':
        return this.#save(table, values, id ?? null)
      case 'delete':
        table.find(id)
        this.change(() => table.remove(id as string | number))
        return { data: { success: true, id } }
      case 'form':
        return { data: this.#form(new FakeForm(table, id ?? null, stream => this.get(stream)), data.submit) }
      case 'describe':
        return { data: table.describe() }
      default:
        throw new BindingError('method_not_allowed', `No action ${action} on ${table.stream}.`)
    }
  }

  /** Several operations as one; of an atomic batch all are made, or none. */
  batch({ ops, atomic = true }: Batch): unknown {
    const before = new Map([...this.#tables.values()].map(table => [table, table.rows]))
    const results: (Answer | { error: WireError })[] = []
    const named = new Map<string, unknown>()
    this.commit(() => {
      for (const [place, op] of ops.entries()) {
        try {
          const { stream, action } = parseEvent(op.event)
          const answer = this.act(this.get(stream), action, resolved(op.data ?? {}, named) as Data)
          results.push(answer)
          if (op.as !== undefined) named.set(op.as, answer.data)
        } catch (error) {
          const wire = wireOf(BindingError.from(error))
          if (!atomic) {
            results.push({ error: wire })
            continue
          }
          for (const [table, rows] of before) table.restore(rows)
          throw BindingError.from({ ...wire, op: place })
        }
      }
    })
    return { success: results.every(result => 'data' in result), results }
  }

  #save(table: FakeTable, values: Data, id: string | number | null): Answer {
    if (id !== null) table.find(id)
    table.check(values, id)
    const row: FakeRow = this.change(() => (id === null ? table.insert(values) : table.update(id, values)))
    return { data: { success: true, ...(id === null ? row : { id }) }, v: etagOf(row) }
  }

  #form(form: FakeForm, submitted: unknown): unknown {
    return submitted ? this.change(() => form.submit(submitted as Data)) : form.describe()
  }
}
