import type { BindingName, FormField, Row } from '@channels-binding/core'
import type { Conflict } from '@channels-binding/core/writes'
import { type Dispatch, type FocusEvent, type SetStateAction, useEffect, useMemo, useRef, useState } from 'react'
import { get, type UseFormReturn, useForm as useHookForm } from 'react-hook-form'
import { useTexts } from '../languages/texts.js'
import { useStream } from '../stream.js'
import {
  type Cell,
  cellsOf,
  cellText,
  conflictOfCells,
  serverValues,
  storedRows,
  typedValues,
  withCells,
} from './cells.js'
import { FORMSET_TEXTS, type FormsetTexts } from './formsetTexts.js'
import type { LoadedFormProps } from './props.js'
import { type EditedFormset, type FormsetRow, valuesOfRows } from './rows.js'
import { type Failure, NO_FAILURE, type Sent, send, sentOf, show } from './submit.js'
import { useDrawn } from './useDrawn.js'
import { type RestoredDraft, useDirtyReport, useFormDraft, useFormDrafts } from './useFormDraft.js'
import { type RowActions, useRows } from './useRows.js'
import { changedLabels, typedSince, useTouched } from './useTouched.js'
import { type FormValues, picked, valuesOf } from './values.js'

/** How often a submission is made again by itself when others have just saved something else. */
const MAX_MERGES = 3

/** Everything that a form knows. */
export interface FormWorld {
  readonly state: UseFormReturn<FormValues>
  readonly fields: readonly FormField[]
  readonly formsets: readonly EditedFormset[]
  readonly actions: RowActions
  readonly formsetSays: FormsetTexts
  /** The user changes the value of this name; in a row, if it stands in one. */
  readonly touch: (name: string, formset?: string, row?: FormsetRow) => void
  readonly failure: Failure
  readonly setFailure: Dispatch<SetStateAction<Failure>>
  readonly isBusy: boolean
  readonly isSaved: boolean
  /** What others have changed of what this user has changed too. */
  readonly contested: Conflict | null
  /** What the user is asked to decide. */
  readonly conflict: Conflict | null
  readonly setConflict: (conflict: Conflict | null) => void
  readonly resolve: (mine: Readonly<FormValues>) => void
  /** What stands in a conflict, in words. */
  readonly labelOf: (name: string) => string
  readonly textOf: (name: string, value: unknown) => string
  /** Labels of fields that others have changed a moment ago. */
  readonly changed: readonly string[]
  readonly dismiss: () => void
  readonly draft: RestoredDraft
  readonly submit: () => void
  readonly leave: (event: FocusEvent) => void
}

/** The state of a form: what the server has, what was typed over it, and what became of saving it. */
export function useFormState<N extends BindingName>(props: LoadedFormProps<N>): FormWorld {
  const { form, initial, binding, id = null, says, keepDrafts = true, autosave = false } = props
  const fields = useNamed(form.fields, props.fields)
  const name = String(id)
  const drafts = useFormDrafts(binding)
  const { client } = useStream(binding)
  const rows = useRows(useNamed(form.formsets, props.formsets), drafts.get(name)?.rows)
  const { formsets } = rows
  const values = useMemo(() => allValues(fields, initial, formsets), [fields, initial, formsets])
  const formsetSays = useTexts('formset', FORMSET_TEXTS, props.formsetTexts)
  const cells = useMemo(() => cellsOf(fields, formsets, formsetSays), [fields, formsets, formsetSays])
  const server = useMemo(() => serverValues(cells, values), [cells, values])
  // What others change is taken over in fields that this user has not touched.
  const state = useHookForm<FormValues>({ values, resetOptions: { keepDirtyValues: true, keepErrors: true } })
  const touched = useTouched(server)
  const [failure, setFailure] = useState<Failure>(NO_FAILURE)
  const [conflict, setConflict] = useState<Conflict | null>(null)
  const [isSaved, setSaved] = useState(false)
  const [isSaving, setSaving] = useState(false)
  const isOwn = useRef(false)
  const [changed, dismiss] = useChanged(cells, server, state, isOwn)
  const sending = useRef<Readonly<FormValues> | null>(null)
  const sentRows = useRef<Sent['rows']>({})
  const isDirty = state.formState.isDirty || rows.isEdited
  const draft = useFormDraft(drafts, name, state, { cells, rows, touched, isDirty, isKept: keepDrafts }, sending)
  const wasLeft = useRef(false)
  const drawn = useDrawn()
  useDirtyReport(isDirty, props.onDirtyChange)
  const contested =
    id === null ? null : conflictOfCells(cells, typedValues(cells, state.getValues()), server, touched.seen)

  const latest = useRef({ values, seen: touched.seen, formsets, fields, cells, server, isDirty })
  useEffect(() => {
    latest.current = { values, seen: touched.seen, formsets, fields, cells, server, isDirty }
  })

  /** Rows of formsets are no part of the live read of the row that the form follows: others may have changed them unseen. */
  const readRows = async (): Promise<void> => {
    const { values, fields, formsets } = latest.current
    const { rows } = sentOf(fields, formsets, state.getValues(), values, id === null)
    const isStored = Object.values(rows).some(({ list }) => list.some(row => Object.hasOwn(row, 'id')))
    if (!isStored || client.getState().status !== 'open') return
    await form.refetch()
    await drawn()
  }
  const typedNow = (): FormValues => typedValues(latest.current.cells, state.getValues())

  const save = async (attempt = 0): Promise<Row<N> | null> => {
    const { values, seen, formsets, fields, cells, server } = latest.current
    const found = id === null ? null : conflictOfCells(cells, typedNow(), server, seen)
    if (found) {
      setConflict(found)
      return null
    }
    state.clearErrors()
    sending.current = typedNow()
    const sent = sentOf(fields, formsets, state.getValues(), values, id === null)
    sentRows.current = sent.rows
    const outcome = await send(form, sent.data)
    if (outcome.object) return outcome.object as Row<N>
    if (outcome.isOvertaken && attempt < MAX_MERGES) {
      await form.refetch()
      await drawn()
      // The fields that were not touched are those of the server by now.
      return save(attempt + 1)
    }
    setFailure(show(outcome, fields, formsets, sent.rows, state, says.check))
    return null
  }
  /** Busy until what was saved is known, and what was typed meanwhile stands over it: a save in between would compare with what was. */
  const submit = async (): Promise<void> => {
    setSaving(true)
    try {
      await saveAndFollow()
    } finally {
      setSaving(false)
    }
  }
  const saveAndFollow = async (): Promise<void> => {
    let saved: Row<N> | null = null
    setFailure(NO_FAILURE)
    isOwn.current = true
    const refuse = (): void => setFailure({ ...NO_FAILURE, message: says.check })
    wasLeft.current = false
    const before = latest.current.values
    await state.handleSubmit(async () => {
      await readRows()
      saved = await save()
    }, refuse)()
    if (!saved) setSaving(false) // what was refused can be tried again at once
    await drawn()
    const sent = sending.current ?? {}
    if (saved && !draft.isLeft() && id !== null && Object.keys(typedSince(sent, typedNow())).length) {
      await form.refetch() // so that it is known over what one has gone on typing
      await drawn()
    }
    isOwn.current = false
    sending.current = null
    if (!saved) draft.keepUnsaved()
    if (!saved || draft.isLeft()) return
    const { values, server, formsets } = latest.current
    const stored = id === null ? {} : storedRows(formsets, sentRows.current, before, values)
    const later = moved(typedSince(sent, typedNow()), stored)
    const names = Object.keys(later)
    rows.forget(new Set(names.map(rowIn)))
    touched.resume(picked(server, names))
    draft.keep()
    if (!names.length) draft.saved()
    setSaved(true)
    const clean = id === null ? values : withCells(state.getValues(), picked(server, names))
    state.reset(clean, { keepDirtyValues: false, keepErrors: false })
    for (const name of names) state.setValue(name, later[name], { shouldDirty: true })
    props.onSuccess?.(saved)
    if (autosave && wasLeft.current && names.length) void submit()
  }
  const cellOf = (name: string): Cell | undefined => cells.find(cell => cell.name === name)
  const takeTheirs = (name: string, value: unknown): void => {
    const cell = cellOf(name)
    if (!cell?.row || cell.field) return state.resetField(name, { defaultValue: value })
    const [formset = ''] = name.split('.')
    if (value === null) rows.actions.remove(formset, cell.row.key)
    else rows.actions.restore(formset, cell.row.key)
  }
  const resolve = (mine: Readonly<FormValues>): void => {
    const { theirs } = conflict as Conflict
    setConflict(null)
    touched.accept(theirs)
    for (const [name, value] of Object.entries(theirs)) if (!Object.hasOwn(mine, name)) takeTheirs(name, value)
    // The next render knows what was decided.
    setTimeout(() => void submit())
  }
  const leave = ({ currentTarget }: FocusEvent): void => {
    setTimeout(() => {
      if (!autosave || id === null || !currentTarget.isConnected || form.isGone || conflict) return
      if (sending.current) wasLeft.current = true
      else if (latest.current.isDirty && !state.formState.isSubmitting) void submit()
    })
  }
  const actions: RowActions = {
    ...rows.actions,
    remove: (formset, key) => {
      const path = `${formset}.${key}`
      touched.accept({ [path]: server[path] })
      rows.actions.remove(formset, key)
    },
  }
  const touch = (name: string, formset?: string, row?: FormsetRow): void => {
    touched.touch(name)
    if (!formset || !row) return
    touched.touch(`${formset}.${row.key}`)
    rows.actions.touch(formset, row)
  }
  return {
    ...{ state, fields, formsets, actions, formsetSays, touch, failure, setFailure, contested, conflict, setConflict },
    ...{ resolve, changed, dismiss, draft, leave, isSaved: isSaved && !isDirty, isBusy: isSaving },
    submit: () => void submit(),
    labelOf: name => cellOf(name)?.label ?? name,
    textOf: (name, value) => cellText(cellOf(name), value, formsetSays.gone),
  }
}

/** The key of the row in which a value of this name stands: `'lines.new-0-1.text'` → `'new-0-1'`. */
const rowIn = (name: string): string => name.split('.')[1] ?? ''

/** The values under the names that their rows have by now. */
const moved = (values: FormValues, rows: Readonly<Record<string, string>>): FormValues =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const [formset, row, ...field] = name.split('.')
      const now = rows[`${formset}.${row}`]
      return [now ? [now, ...field].join('.') : name, value]
    }),
  )

/** Labels of what others have just changed, until the user has seen it. */
function useChanged(
  cells: readonly Cell[],
  server: Readonly<FormValues>,
  state: UseFormReturn<FormValues>,
  isOwn: { readonly current: boolean },
): readonly [readonly string[], () => void] {
  const before = useRef(server)
  const [changed, setChanged] = useState<readonly string[]>([])
  useEffect(() => {
    if (before.current === server) return
    const dirty = cells.filter(({ name, field }) => field && get(state.formState.dirtyFields, name))
    const typed = { ...before.current, ...typedValues(dirty, state.getValues()) }
    const fields = cells.filter(({ field, row }) => field && !row?.isGone)
    const labels = isOwn.current ? [] : changedLabels(fields, before.current, server, typed)
    before.current = server
    if (labels.length) setChanged(shown => [...new Set([...shown, ...labels])])
  }, [cells, server, state, isOwn])
  return [changed, () => setChanged([])]
}

function useNamed<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] {
  return useMemo(() => {
    if (!names) return all
    const byName = new Map(all.map(each => [each.name, each]))
    return names.flatMap(name => byName.get(name) ?? [])
  }, [all, names])
}

function allValues(
  fields: readonly FormField[],
  initial: Readonly<FormValues> | undefined,
  formsets: readonly EditedFormset[],
): FormValues {
  const rows = formsets.map(edited => [edited.formset.name, valuesOfRows(edited)] as const)
  return { ...valuesOf(fields, initial), ...Object.fromEntries(rows) }
}
