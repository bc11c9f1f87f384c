import { BindingError, type FieldError, type FieldErrors } from '../errors.js'
import type { FormField, Formset } from '../types.js'
import type { FakeFormset } from './formset.js'
import type { FakeRow } from './page.js'
import type { FakeTable } from './table.js'

type Values = Readonly<Record<string, unknown>>

/** What is about to become of one row. */
interface Entry {
  readonly id: string | number | null
  readonly values: Values
  readonly isDeleted: boolean
  readonly isLeftOut: boolean
}

type Numbered = Record<string, FieldErrors | readonly FieldError[]>

const ORDER: FormField = { name: 'ORDER', type: 'IntegerField', widget: 'NumberInput', label: 'Order', required: false }

/** The formset of one form: what there is, what was submitted, and what comes of it, as Django has it. */
export class FakeRows {
  readonly formset: FakeFormset
  readonly #table: FakeTable
  readonly #stored: readonly FakeRow[]

  constructor(formset: FakeFormset, table: FakeTable, parent: string | number | null) {
    this.formset = formset
    this.#table = table
    const { order } = formset
    const mine = table.rows.filter(row => parent !== null && row[formset.parent] === parent)
    this.#stored = order ? mine.sort((a, b) => Number(a[order] ?? 0) - Number(b[order] ?? 0)) : mine
  }

  /** As `form` answers it: the rows there are, or as submitted. */
  describe(submitted?: unknown): Formset {
    const { name, label = name, row_label = name, can_delete = true, order, min = 0, max = 1000 } = this.formset
    const entries = submitted === undefined ? this.#blank(min) : this.#entries(submitted)
    const errors = submitted === undefined ? {} : this.errors(submitted)
    return {
      name,
      label,
      row_label,
      can_delete,
      can_order: order !== undefined,
      min,
      max,
      forms: entries.map(({ id, values }, number) => ({
        id,
        fields: this.#fields(values, errors[String(number)] as FieldErrors | undefined, number),
      })),
      empty: this.#fields({}, undefined, null),
      errors: (errors.__all__ as readonly FieldError[] | undefined) ?? [],
    }
  }

  /** What is wrong, by the number of the row; empty for nothing. */
  errors(submitted: unknown): Numbered {
    const { validate = () => ({}), min = 0, max = 1000 } = this.formset
    const entries = this.#entries(submitted)
    const found: Numbered = {}
    for (const [number, { values, isDeleted, isLeftOut }] of entries.entries()) {
      const wrong = isDeleted || isLeftOut ? {} : validate(values)
      if (Object.keys(wrong).length) found[number] = wrong
    }
    const isValid = Object.keys(found).length === 0
    const count = entries.filter(entry => !(isValid && entry.isDeleted)).length // as Django counts, blank ones too
    const filled = count - entries.filter(entry => entry.isLeftOut).length
    const own = [
      ...(count > max ? [{ code: 'too_many_forms', message: `Please submit at most ${max} forms.` }] : []),
      ...(filled < min ? [{ code: 'too_few_forms', message: `Please submit at least ${min} forms.` }] : []),
    ]
    return own.length ? { ...found, __all__: own } : found
  }

  /** Saves what was submitted under this row. */
  save(submitted: unknown, parent: string | number): void {
    for (const { id, values, isDeleted, isLeftOut } of this.#entries(submitted)) {
      const { ORDER: place, ...saved } = values
      const row = { ...saved, ...(this.formset.order && place !== undefined && { [this.formset.order]: place }) }
      if (isDeleted && id !== null) this.#table.remove(id)
      else if (!isDeleted && !isLeftOut && id !== null) this.#table.update(id, row)
      else if (!isDeleted && !isLeftOut) this.#table.insert({ ...row, [this.formset.parent]: parent })
    }
  }

  #entries(submitted: unknown): Entry[] {
    const rows = [...((submitted ?? []) as Values[])]
    for (const row of rows) this.#checkNames(row)
    const { min = 0 } = this.formset
    const known = new Set(this.#stored.map(row => row.id))
    const gone = rows.find(row => row.id !== undefined && !known.has(row.id as string | number))
    if (gone) throw this.#invalid('not_found', `There is no row ${gone.id}.`)
    const stored = this.#stored.map(row => {
      const { id: _id, DELETE, ...changes } = rows.find(each => each.id === row.id) ?? {}
      return { id: row.id, values: { ...row, ...changes }, isDeleted: DELETE === true, isLeftOut: false }
    })
    const added = rows.filter(row => row.id === undefined)
    const fresh = added.map((values, index) => ({
      id: null,
      values,
      isDeleted: values.DELETE === true,
      isLeftOut: stored.length + index >= min && this.#isBlank(values),
    }))
    return [...stored, ...fresh]
  }

  #checkNames(row: Values): void {
    const { fields, can_delete = true, order } = this.formset
    const known = new Set(['id', ...fields.map(field => field.name), ...(order ? ['ORDER'] : [])])
    if (can_delete) known.add('DELETE')
    const unknown = Object.keys(row).filter(name => !known.has(name))
    if (unknown.length) throw this.#invalid('unknown', `Unknown: ${unknown.join(', ')}.`)
  }

  #isBlank(values: Values): boolean {
    return this.formset.fields.every(({ name, initial = null }) => {
      const value = values[name] ?? null
      return value === initial || value === null || value === '' || value === false
    })
  }

  #blank(min: number): Entry[] {
    const stored = this.#stored.map(row => ({ id: row.id, values: row, isDeleted: false, isLeftOut: false }))
    const lacking = Array.from({ length: Math.max(0, min - stored.length) }, () => ({
      id: null,
      values: {},
      isDeleted: false,
      isLeftOut: false,
    }))
    return [...stored, ...lacking]
  }

  #fields(values: Values, errors: FieldErrors | undefined, number: number | null): FormField[] {
    const place = { ...ORDER, value: number === null ? null : number + 1 }
    const own = this.formset.fields.map(field => ({
      ...field,
      value: values[field.name] ?? field.value ?? field.initial ?? null,
      errors: errors?.[field.name] ?? [],
    }))
    return this.formset.order ? [...own, place] : own
  }

  #invalid(code: string, message: string): BindingError {
    return new BindingError('invalid', message, { fields: { [this.formset.name]: [{ code, message }] } })
  }
}
