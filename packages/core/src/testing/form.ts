import type { FieldErrors } from '../errors.js'
import type { FormReply } from '../types.js'
import type { FakeRow } from './page.js'
import { FakeRows } from './rows.js'
import type { FakeTable } from './table.js'

type Data = Readonly<Record<string, unknown>>

/** Gives the table of a stream. */
export type TableOf = (stream: string) => FakeTable

/** The form of one row, or of a new one, with the rows of its formsets. */
export class FakeForm {
  readonly #table: FakeTable
  readonly #id: string | number | null
  readonly #tableOf: TableOf

  constructor(table: FakeTable, id: string | number | null, tableOf: TableOf) {
    this.#table = table
    this.#id = id
    this.#tableOf = tableOf
  }

  /** The form as it is stored. */
  describe(): FormReply<FakeRow> {
    return this.#withRows(this.#table.form(this.#id))
  }

  /** Saves the form with its rows, or says what is wrong with them. */
  submit(submitted: Data): FormReply<FakeRow> {
    const rows = this.#rows()
    const own = Object.fromEntries(Object.entries(submitted).filter(([name]) => !(name in rows)))
    const errors = this.#errors(own, submitted)
    if (Object.keys(errors).length) return this.#withRows(this.#table.form(this.#id, errors, own), submitted)
    const row = this.#id === null ? this.#table.insert(own) : this.#table.update(this.#id, own)
    for (const [name, each] of Object.entries(rows)) each.save(submitted[name], row.id)
    return { ...new FakeForm(this.#table, row.id, this.#tableOf).describe(), success: true }
  }

  #errors(own: Data, submitted: Data): FieldErrors {
    const ofRows = Object.entries(this.#rows()).map(([name, rows]) => [name, rows.errors(submitted[name])] as const)
    const wrong = ofRows.filter(([, errors]) => Object.keys(errors).length)
    return { ...this.#table.options.validate?.(own, this.#id), ...Object.fromEntries(wrong) } as FieldErrors
  }

  /** The rows of each formset, by its name. */
  #rows(): Readonly<Record<string, FakeRows>> {
    const formsets = this.#table.options.formsets ?? []
    return Object.fromEntries(
      formsets.map(each => [each.name, new FakeRows(each, this.#tableOf(each.stream), this.#id)]),
    )
  }

  #withRows(form: FormReply<FakeRow>, submitted?: Data): FormReply<FakeRow> {
    const rows = Object.entries(this.#rows())
    const formsets = rows.map(([name, each]) => each.describe(submitted && (submitted[name] ?? [])))
    return formsets.length ? { ...form, formsets } : form
  }
}
