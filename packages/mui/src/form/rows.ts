import { type FieldErrors, type FormField, type Formset, formsetErrors } from '@channels-binding/core'
import { useCallback, useMemo, useRef, useState } from 'react'
import { isFileField } from './files.js'
import { type FormValues, submissionOf, valuesOf } from './values.js'

/** Django's field for the place of a row, which is not typed but moved. */
const ORDER = 'ORDER'

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
  /** Its place as it is stored, from 1; `null` where there is none. */
  readonly place: number | null
}

/** A formset with its rows in the order in which they are shown. */
export interface EditedFormset {
  readonly formset: Formset
  readonly rows: readonly FormsetRow[]
}

/** What a user does to the rows of a formset. */
export interface RowActions {
  /** Adds a row at the end; returns its key. */
  readonly add: (name: string) => string
  /** Marks a stored row, takes a new one away. */
  readonly remove: (name: string, key: string) => void
  readonly restore: (name: string, key: string) => void
  /** Moves a row by so many places. */
  readonly move: (name: string, key: string, by: number) => void
}

/** What the user has done to the rows of one formset; everything else is the server's. */
interface Edits {
  readonly added: readonly string[]
  readonly deleted: readonly string[]
  /** Keys in the order that the user has made; empty for the server's. */
  readonly order: readonly string[]
}

interface State {
  /** How often everything was forgotten, so that no key is used twice. */
  readonly generation: number
  readonly edits: Readonly<Record<string, Edits>>
}

/** The rows of every formset, and how to change them; `reset` forgets what was done to them. */
export function useRows(formsets: readonly Formset[]): [readonly EditedFormset[], RowActions, reset: () => void] {
  const [{ generation, edits }, setState] = useState<State>({ generation: 0, edits: {} })
  const count = useRef(0)
  // Blank rows stay as many as they were first, for something may have been typed there when others add theirs.
  const first = useRef(new Map<string, Edits>())
  const untouched = useCallback((formset: Formset, generation: number): Edits => {
    const name = `${generation} ${formset.name}`
    const edits = first.current.get(name) ?? noEdits(formset, generation)
    first.current.set(name, edits)
    return edits
  }, [])
  const edited = useMemo(
    () =>
      formsets.map(formset => ({
        formset,
        rows: rowsOf(formset, edits[formset.name] ?? untouched(formset, generation)),
      })),
    [formsets, edits, generation, untouched],
  )
  const change = (name: string, work: (edits: Edits, keys: readonly string[]) => Edits): void =>
    setState(({ generation, edits }) => {
      const formset = formsets.find(each => each.name === name) as Formset
      const present = edits[name] ?? untouched(formset, generation)
      const keys = rowsOf(formset, present).map(row => row.key)
      return { generation, edits: { ...edits, [name]: work(present, keys) } }
    })
  const actions: RowActions = {
    add: name => {
      const key = `new-${generation}-${count.current++}`
      change(name, edits => ({ ...edits, added: [...edits.added, key] }))
      return key
    },
    remove: (name, key) => change(name, edits => without(edits, key)),
    restore: (name, key) => change(name, edits => ({ ...edits, deleted: edits.deleted.filter(each => each !== key) })),
    move: (name, key, by) => change(name, (edits, keys) => ({ ...edits, order: moved(keys, key, by) })),
  }
  const reset = useCallback(() => setState(({ generation }) => ({ generation: generation + 1, edits: {} })), [])
  return [edited, actions, reset]
}

function without(edits: Edits, key: string): Edits {
  if (!edits.added.includes(key)) return { ...edits, deleted: [...edits.deleted, key] }
  return { ...edits, added: edits.added.filter(each => each !== key) }
}

/** Nothing done yet: the rows that are stored, and blank ones where the server asks for a few. */
function noEdits({ forms }: Formset, generation: number): Edits {
  const blank = forms.filter(form => form.id === null)
  return { added: blank.map((_, index) => `blank-${generation}-${index}`), deleted: [], order: [] }
}

function rowsOf(formset: Formset, { added, deleted, order }: Edits): readonly FormsetRow[] {
  const stored = formset.forms.filter(form => form.id !== null)
  const rows = [
    ...stored.map(({ id, fields }) => rowOf(formset, keyOf(id as string | number), id, fields, deleted)),
    ...added.map(key => rowOf(formset, key, null, formset.empty, deleted)),
  ]
  const place = (row: FormsetRow): number => {
    const found = order.indexOf(row.key)
    return found === -1 ? order.length : found
  }
  return order.length ? rows.sort((a, b) => place(a) - place(b)) : rows
}

function rowOf(
  { can_order }: Formset,
  key: string,
  id: FormsetRow['id'],
  fields: readonly FormField[],
  deleted: readonly string[],
): FormsetRow {
  const place = can_order ? fields.find(field => field.name === ORDER)?.value : null
  const drawn = can_order ? fields.filter(field => field.name !== ORDER) : fields
  return { key, id, fields: drawn, isDeleted: deleted.includes(key), place: typeof place === 'number' ? place : null }
}

/** `'a.b'` → `'row-a%2Eb'`: a key as one step of a path, which react-hook-form takes apart at dots. */
function keyOf(id: string | number): string {
  return `row-${encodeURIComponent(id).replace(/[.']/g, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)}`
}

function moved(keys: readonly string[], key: string, by: number): readonly string[] {
  const others = keys.filter(each => each !== key)
  const place = Math.max(0, Math.min(others.length, keys.indexOf(key) + by))
  return [...others.slice(0, place), key, ...others.slice(place)]
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

const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (!(a instanceof Blob) && !(b instanceof Blob) && JSON.stringify(a) === JSON.stringify(b))

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
