import type { BindingName } from '@channels-binding/core'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { get, type UseFormReturn } from 'react-hook-form'
import { type Drafts, draftsOf, useUnloadGuard } from '../drafts.js'
import { useStream } from '../stream.js'
import { hasWidget } from './attributes.js'
import { type Cell, typedValues } from './cells.js'
import { onlyAdded, type RowEdits, type Rows } from './useRows.js'
import { isSame, type Touched } from './useTouched.js'
import { type FormValues, picked } from './values.js'

/** What was typed into a form and not saved, and done to its rows. */
export interface FormDraft {
  /** By the names of the cells. */
  readonly values: Readonly<FormValues>
  readonly seen: Readonly<FormValues>
  readonly rows: RowEdits
}

/** Where the drafts of forms of a stream are. */
export function useFormDrafts(binding: BindingName): Drafts<FormDraft> {
  const { client, stream } = useStream(binding)
  return useMemo(() => draftsOf<FormDraft>(client, 'form', stream), [client, stream])
}

/** What a draft is made of. */
interface Draftable {
  readonly cells: readonly Cell[]
  readonly rows: Rows
  readonly touched: Touched
  readonly isDirty: boolean
  readonly isKept: boolean
}

/** What was typed into a form that was left, once it is open again. */
export interface RestoredDraft {
  readonly isRestored: boolean
  /** Puts the server's values back. */
  readonly drop: () => void
  readonly keep: () => void
  /** Everything is saved: nothing is left, even if the form goes before it is drawn again. */
  readonly saved: () => void
  /** Whether the form is off the page. */
  readonly isLeft: () => boolean
  /** What was on its way when the form was left has not been saved: it is kept as well. */
  readonly keepUnsaved: () => void
}

/**
 * Keeps what was typed and not saved when the form goes off the page, and has it in there again when the form comes back; lets the browser
 * ask before a reload. What is on its way to the server is no draft, unless it is refused: the form would show it anew, and the user send
 * it twice. What was done to the rows is there from the first render (`useRows`), so that what was typed into them has a place.
 */
export function useFormDraft(
  store: Drafts<FormDraft>,
  name: string,
  state: UseFormReturn<FormValues>,
  now: Draftable,
  sending: { readonly current: Readonly<FormValues> | null },
): RestoredDraft {
  const [isRestored, setRestored] = useState(false)
  const { dirtyFields } = state.formState
  const latest = useRef({ ...now, dirtyFields })
  const isClean = useRef(false)
  const undrawn = useRef<FormDraft | null>(null) // taken up since the last render: StrictMode leaves and comes back before the next
  useLayoutEffect(() => {
    latest.current = { ...now, dirtyFields }
    undrawn.current = null
    isClean.current = false
  })
  const { resume } = now.touched
  const { forget } = now.rows
  const left = useRef<FormDraft | null>(null)
  const isLeft = useRef(false)
  useLayoutEffect(() => {
    isLeft.current = false
    const draft = store.get(name)
    if (draft) {
      for (const [field, value] of Object.entries(draft.values)) state.setValue(field, value, { shouldDirty: true })
      resume(draft.seen)
      setRestored(true)
      store.delete(name)
      undrawn.current = draft
    }
    return () => {
      if (undrawn.current) return store.set(name, undrawn.current)
      isLeft.current = true
      left.current = null
      if (isClean.current) return
      const { cells, rows, touched, dirtyFields, isKept } = latest.current
      const { seen } = touched
      const typed = typedValues(cells, state.getValues())
      const names = cells
        .filter(({ field }) => field && !hasWidget(field, 'PasswordInput'))
        .map(cell => cell.name)
        .filter(each => Object.hasOwn(seen, each) && get(dirtyFields, each))
      const unsent = names.filter(each => !sending.current || !isSame(typed[each], sending.current[each]))
      left.current = isKept && (names.length || rows.isEdited) ? draftOf(typed, names, seen, rows.edits) : null
      if (!left.current) return
      if (!sending.current) store.set(name, left.current)
      else if (unsent.length) store.set(name, draftOf(typed, unsent, seen, addedOf(rows.edits, unsent)))
    }
  }, [store, name, state, resume, sending])
  useUnloadGuard(useCallback(() => latest.current.isDirty, []))
  const keep = useCallback(() => setRestored(false), [])
  const saved = useCallback(() => {
    isClean.current = true
  }, [])
  const drop = useCallback(() => {
    setRestored(false)
    resume({})
    forget()
    state.reset(undefined, { keepDirtyValues: false })
  }, [state, resume, forget])
  const keepUnsaved = useCallback(() => {
    if (isLeft.current && left.current) store.set(name, left.current)
  }, [store, name])
  return { isRestored, drop, keep, saved, isLeft: useCallback(() => isLeft.current, []), keepUnsaved }
}

const draftOf = (
  typed: Readonly<FormValues>,
  names: readonly string[],
  seen: Readonly<FormValues>,
  rows: RowEdits,
): FormDraft => ({ values: picked(typed, names), seen, rows })

/** The rows that were added and into which something was typed since. */
const addedOf = ({ generation, edits }: RowEdits, names: readonly string[]): RowEdits => ({
  generation,
  edits: onlyAdded(edits, new Set(names.flatMap(name => name.split('.').slice(1, 2)))),
})

/** Tells whether the form holds what is not saved. */
export function useDirtyReport(isDirty: boolean, report: ((isDirty: boolean) => void) | undefined): void {
  useEffect(() => {
    report?.(isDirty)
  }, [isDirty, report])
}
