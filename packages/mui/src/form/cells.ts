import type { FormField } from '@channels-binding/core'
import type { Conflict } from '@channels-binding/core/writes'
import { get } from 'react-hook-form'
import type { FormsetTexts } from './formsetTexts.js'
import { type EditedFormset, type FormsetRow, pathOf, type SentRows } from './rows.js'
import { conflictIn, isSame, valueText } from './useTouched.js'
import type { FormValues } from './values.js'

/** Something in a form that one changes and others may change too: a field, a field of a row, or a row as a whole. */
export interface Cell {
  /** Where its value is: `'title'`, `'lines.row-3.text'`, `'lines.row-3'`. */
  readonly name: string
  readonly label: string
  /** `null` for a row as a whole. */
  readonly field: FormField | null
  readonly row: FormsetRow | null
}

/** Everything that can be changed in a form; of a row that is to be deleted, only that. */
export function cellsOf(
  fields: readonly FormField[],
  formsets: readonly EditedFormset[],
  says: FormsetTexts,
): readonly Cell[] {
  const ofRows = formsets.flatMap(({ formset, rows }) =>
    rows.flatMap((row, index) => {
      const title = says.row(formset.row_label, index + 1)
      const whole = { name: `${formset.name}.${row.key}`, label: title, field: null, row }
      const parts = row.fields.map(field => ({
        ...{ name: pathOf(formset.name, row.key, field.name), label: `${title}: ${field.label}`, field, row },
      }))
      return row.isDeleted ? [whole] : [whole, ...parts]
    }),
  )
  return [...fields.map(field => ({ name: field.name, label: field.label, field, row: null })), ...ofRows]
}

/** What the server has of each, by name; `null` for a row that it has no more. */
export const serverValues = (cells: readonly Cell[], values: Readonly<FormValues>): FormValues =>
  Object.fromEntries(cells.map(({ name, field, row }) => [name, !field && row?.isGone ? null : get(values, name)]))

/** What this user wants of each, by name; `null` for a row that is to be deleted. */
export const typedValues = (cells: readonly Cell[], values: Readonly<FormValues>): FormValues =>
  Object.fromEntries(cells.map(({ name, field, row }) => [name, !field && row?.isDeleted ? null : get(values, name)]))

/** The values of a form with these in it. */
export const withCells = (values: Readonly<FormValues>, flat: Readonly<FormValues>): FormValues =>
  Object.entries(flat).reduce((all, [name, value]) => put(all, name.split('.'), value), { ...values })

const put = (values: Readonly<FormValues>, [step = '', ...rest]: readonly string[], value: unknown): FormValues => ({
  ...values,
  [step]: rest.length ? put((values[step] ?? {}) as FormValues, rest, value) : value,
})

/** What both have changed: fields of what both still have, and rows that one has deleted. */
export function conflictOfCells(
  cells: readonly Cell[],
  typed: Readonly<FormValues>,
  server: Readonly<FormValues>,
  seen: Readonly<FormValues>,
): Conflict | null {
  const isOpen = ({ name, field, row }: Cell): boolean =>
    field ? !row?.isGone : (typed[name] === null) !== (server[name] === null)
  const names = cells.filter(isOpen).map(({ name }) => name)
  const asked = names.filter(name => Object.hasOwn(seen, name))
  return conflictIn(typed, server, Object.fromEntries(asked.map(name => [name, seen[name]])))
}

/** A value in words; of a row all that is in it. */
export function cellText(cell: Cell | undefined, value: unknown, deleted: string): string {
  if (!cell?.row || cell.field) return valueText(cell?.field ?? undefined, value)
  if (value === null) return deleted
  const texts = cell.row.fields.map(field => [field.label, valueText(field, get(value, field.name))])
  return texts
    .filter(([, text]) => text)
    .map(([label, text]) => `${label}: ${text}`)
    .join(', ')
}

/**
 * Where rows that were new when they were sent stand now: `{'lines.new-0-1': 'lines.row-14'}`. The server does not say; it is the row that
 * was not there before and holds what was sent.
 */
export function storedRows(
  formsets: readonly EditedFormset[],
  sent: Readonly<Record<string, SentRows>>,
  before: Readonly<FormValues>,
  now: Readonly<FormValues>,
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { formset, rows } of formsets) {
    const { list = [], added = [] } = sent[formset.name] ?? {}
    const created = list.filter(values => !Object.hasOwn(values, 'id'))
    const others = rows.filter(row => row.id !== null && get(before, `${formset.name}.${row.key}`) === undefined)
    added.forEach((key, index) => {
      const holds = (row: FormsetRow): boolean =>
        row.fields.every(({ name }) => {
          const path = pathOf(formset.name, row.key, name)
          return !Object.hasOwn(created[index] ?? {}, name) || isSame(get(now, path), created[index]?.[name])
        })
      const place = others.findIndex(holds)
      const [row] = place === -1 ? [] : others.splice(place, 1)
      if (row) found[`${formset.name}.${key}`] = `${formset.name}.${row.key}`
    })
  }
  return found
}
