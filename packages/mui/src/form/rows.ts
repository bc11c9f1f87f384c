import type { FieldErrors, FormField, Formset } from '@channels-binding/core'
import { formsetErrors } from '@channels-binding/core/forms'
import { isFileField } from './files.js'
import { type FormValues, isSame, submissionOf, valuesOf } from './values.js'

/** Django's field for the place of a row, which is not typed but moved. */
export const ORDER = 'ORDER'

/** A row of a formset as it is edited. */
export interface FormsetRow {
  /** Its name among the values of the form, whatever its place. */
  readonly key: string
  /** `null` for a row that is not stored yet. */
  readonly id: string | number | null
  /** What is drawn of it. */
  readonly fields: readonly FormField[]
  /** Whether it goes when the form is saved. */
  readonly isDeleted: boolean
  /** Whether it was stored, and somebody else has deleted it while this user was changing it: saved, it is a new one. */
  readonly isGone: boolean
  /** Its place as it is stored, from 1; `null` where there is none. */
  readonly place: number | null
}

/** A formset with its rows in the order in which they are shown. */
export interface EditedFormset {
  readonly formset: Formset
  readonly rows: readonly FormsetRow[]
}

/** `'a.b'` → `'row-a%2Eb'`: a key as one step of a path, which react-hook-form takes apart at dots. */
export function keyOf(id: string | number): string {
  return `row-${encodeURIComponent(id).replace(/[.']/g, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)}`
}

/** Where the form keeps the value of a field of a row: `'lines.row-3.text'`. */
export const pathOf = (formset: string, row: string, field: string): string => `${formset}.${row}.${field}`

/** The values that the rows begin with, by the key of the row. */
export function valuesOfRows({ rows }: EditedFormset): FormValues {
  return Object.fromEntries(rows.map(row => [row.key, valuesOf(row.fields)]))
}

/** What is sent of a formset, and the keys of the new rows in it. */
export interface SentRows {
  readonly list: readonly FormValues[]
  readonly added: readonly string[]
}

/** Of stored rows what was changed, of new ones those in which something was filled in, or that have to be there. */
export function sentRows({ formset, rows }: EditedFormset, values: FormValues, before: FormValues): SentRows {
  const changes = rows.map((row, index) => changesOf(formset, row, index + 1, of(values, row), of(before, row)))
  let lacking = formset.min - rows.filter((row, index) => !row.isDeleted && (row.id !== null || changes[index])).length
  const sent = rows.flatMap((row, index) => {
    const change = changes[index] ?? (row.id === null && lacking-- > 0 ? newRow(row, of(values, row)) : null)
    return change ? [{ row, change }] : []
  })
  return {
    list: sent.map(({ change }) => change),
    added: sent.flatMap(({ row }) => (row.id === null ? [row.key] : [])),
  }
}

const of = (values: FormValues, row: FormsetRow): FormValues => (values[row.key] ?? {}) as FormValues

function changesOf(
  { can_order }: Formset,
  row: FormsetRow,
  place: number,
  values: FormValues,
  before: FormValues,
): FormValues | null {
  if (row.isDeleted) return { id: row.id, DELETE: true }
  const changed = row.fields.filter(({ name }) => !isSame(values[name], before[name]))
  const isMoved = can_order && row.id !== null && row.place !== place
  if (!changed.length && !isMoved) return null
  const order = can_order && (isMoved || row.id === null) ? { [ORDER]: place } : {}
  return row.id === null
    ? { ...newRow(row, values), ...order }
    : { id: row.id, ...submissionOf(changed, values), ...order }
}

/** Everything but files that were not chosen: of a new row there is none to clear. */
function newRow({ fields }: FormsetRow, values: FormValues): FormValues {
  return submissionOf(
    fields.filter(field => !(isFileField(field) && values[field.name] === null)),
    values,
  )
}

/** What is wrong with a formset, by the keys of its rows. */
export interface RowErrors {
  readonly own: FieldErrors[string]
  readonly rows: Readonly<Record<string, FieldErrors>>
}

/**
 * Finds the rows that errors belong to: the server counts its stored rows, which may be others by now, and then those
 * that were sent; the `formsets` of its reply say which is which.
 */
export function rowErrors(
  errors: FieldErrors,
  { formset, rows }: EditedFormset,
  sent: SentRows,
  reply: readonly Formset[] = [],
): RowErrors {
  const { own, rows: numbered } = formsetErrors(errors, formset.name)
  const { forms } = reply.find(each => each.name === formset.name) ?? formset
  const stored = forms.filter(form => form.id !== null).length
  const keyAt = (number: number): string | undefined => {
    const id = forms[number]?.id ?? null
    return id === null ? sent.added[number - stored] : rows.find(row => row.id === id)?.key
  }
  const found = [...numbered].flatMap(([number, each]) => {
    const key = keyAt(number)
    return key === undefined ? [] : [[key, each] as const]
  })
  return { own, rows: Object.fromEntries(found) }
}
