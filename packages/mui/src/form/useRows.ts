import type { FormField, Formset } from '@channels-binding/core'
import { useCallback, useMemo, useRef, useState } from 'react'
import { type EditedFormset, type FormsetRow, keyOf, ORDER } from './rows.js'

/** What a user does to the rows of a formset. */
export interface RowActions {
  /** Adds a row at the end; returns its key. */
  readonly add: (name: string) => string
  /** Marks a stored row, takes another one away. */
  readonly remove: (name: string, key: string) => void
  readonly restore: (name: string, key: string) => void
  /** Moves a row by so many places. */
  readonly move: (name: string, key: string, by: number) => void
  /** The user changes something in a row: it stays, whoever deletes it. */
  readonly touch: (name: string, row: FormsetRow) => void
}

/** What the user has done to the rows of one formset; everything else is the server's. */
interface Edits {
  readonly added: readonly string[]
  readonly deleted: readonly string[]
  /** Keys in the order that the user has made; empty for the server's. */
  readonly order: readonly string[]
  /** The stored rows that were changed, as they were then. */
  readonly touched: Readonly<Record<string, FormsetRow>>
}

/** What was done to the rows of all formsets, by their names. */
export interface RowEdits {
  /** How often everything was forgotten, so that no key is used twice. */
  readonly generation: number
  readonly edits: Readonly<Record<string, Edits>>
}

/** The rows of every formset, and how to change them. */
export interface Rows {
  readonly formsets: readonly EditedFormset[]
  readonly actions: RowActions
  /** Everything that was done to them. */
  readonly edits: RowEdits
  /** Whether something is deleted or moved, which no field shows. */
  readonly isEdited: boolean
  /** Forgets what was done to the rows, but for new ones of these keys. */
  readonly forget: (kept?: ReadonlySet<string>) => void
}

/** The rows of formsets, with what is done to them here; it begins with what was done in an earlier life of the form. */
export function useRows(formsets: readonly Formset[], restored?: RowEdits): Rows {
  const [{ generation, edits }, setState] = useState<RowEdits>(() =>
    restored ? { generation: restored.generation + 1, edits: restored.edits } : { generation: 0, edits: {} },
  )
  const count = useRef(0)
  // Blank rows stay as many as they were first, for something may have been typed there when others add theirs.
  const first = useRef(new Map<string, Edits>())
  const untouched = useCallback((formset: Formset, generation: number): Edits => {
    const name = `${generation} ${formset.name}`
    const edits = first.current.get(name) ?? noEdits(formset, generation)
    first.current.set(name, edits)
    return edits
  }, [])
  const made = useMemo(
    () => formsets.map(formset => [formset, edits[formset.name] ?? untouched(formset, generation)] as const),
    [formsets, edits, generation, untouched],
  )
  const edited = useMemo(() => made.map(([formset, each]) => ({ formset, rows: rowsOf(formset, each) })), [made])
  const all = useMemo<RowEdits>(
    () => ({ generation, edits: Object.fromEntries(made.map(([{ name }, each]) => [name, each])) }),
    [generation, made],
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
    touch: (name, row) => {
      if (row.id === null || made.some(([formset, each]) => formset.name === name && each.touched[row.key])) return
      change(name, edits => ({ ...edits, touched: { ...edits.touched, [row.key]: row } }))
    },
  }
  const forget = useCallback(
    (kept: ReadonlySet<string> = new Set()) =>
      setState(({ generation, edits }) => ({ generation: generation + 1, edits: onlyAdded(edits, kept) })),
    [],
  )
  const isEdited = made.some(([, { deleted, order }]) => deleted.length > 0 || order.length > 0)
  return { formsets: edited, actions, edits: all, isEdited, forget }
}

/** Of everything that was done, that rows of these keys were added. */
export function onlyAdded(edits: RowEdits['edits'], keys: ReadonlySet<string>): RowEdits['edits'] {
  const kept = Object.entries(edits).map(([name, { added }]) => [name, added.filter(key => keys.has(key))] as const)
  const some = kept.filter(([, added]) => added.length)
  return Object.fromEntries(some.map(([name, added]) => [name, { added, deleted: [], order: [], touched: {} }]))
}

function without(edits: Edits, key: string): Edits {
  if (!edits.added.includes(key)) return { ...edits, deleted: [...edits.deleted, key] }
  return { ...edits, added: edits.added.filter(each => each !== key) }
}

/** Nothing done yet: the rows that are stored, and blank ones where the server asks for a few. */
function noEdits({ forms }: Formset, generation: number): Edits {
  const blank = forms.filter(form => form.id === null)
  return { added: blank.map((_, index) => `blank-${generation}-${index}`), deleted: [], order: [], touched: {} }
}

function rowsOf(formset: Formset, { added, deleted, order, touched }: Edits): readonly FormsetRow[] {
  const stored = formset.forms
    .filter(form => form.id !== null)
    .map(({ id, fields }) => rowOf(formset, keyOf(id as string | number), id, fields, deleted))
  const present = new Set(stored.map(row => row.key))
  const gone = Object.values(touched).filter(({ key }) => !present.has(key) && !deleted.includes(key))
  const rows = [
    ...stored,
    ...gone.map(row => ({ ...row, id: null, place: null, isGone: true })),
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
  const order = can_order ? fields.find(field => field.name === ORDER)?.value : null
  const drawn = can_order ? fields.filter(field => field.name !== ORDER) : fields
  const place = typeof order === 'number' ? order : null
  return { key, id, fields: drawn, isDeleted: deleted.includes(key), isGone: false, place }
}

function moved(keys: readonly string[], key: string, by: number): readonly string[] {
  const others = keys.filter(each => each !== key)
  const place = Math.max(0, Math.min(others.length, keys.indexOf(key) + by))
  return [...others.slice(0, place), key, ...others.slice(place)]
}
