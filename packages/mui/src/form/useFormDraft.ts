import type { BindingName, FormField } from '@channels-binding/core'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { UseFormReturn } from 'react-hook-form'
import { draftsOf, useUnloadGuard } from '../drafts.js'
import { useStream } from '../stream.js'
import { hasWidget } from './attributes.js'
import { isSame, type Touched } from './useTouched.js'
import { type FormValues, picked } from './values.js'

interface FormDraft {
  readonly values: Readonly<FormValues>
  readonly seen: Readonly<FormValues>
}

/** What was typed into a form that was left, once it is open again. */
export interface RestoredDraft {
  readonly isRestored: boolean
  /** Puts the server's values back. */
  readonly drop: () => void
  readonly keep: () => void
  /** Whether the form is off the page. */
  readonly isLeft: () => boolean
  /** What was on its way when the form was left has not been saved: it is kept as well. */
  readonly keepUnsaved: () => void
}

/**
 * Keeps what was typed and not saved when the form goes off the page, and has it in there again when the form comes back; lets the browser
 * ask before a reload. Rows of formsets are guarded, not kept. What is on its way to the server is no draft, unless it is refused: the form
 * would show it anew, and the user send it twice.
 */
export function useFormDraft(
  binding: BindingName,
  id: string | number | null,
  fields: readonly FormField[],
  state: UseFormReturn<FormValues>,
  touched: Touched,
  isKept: boolean,
  sending: { readonly current: Readonly<FormValues> | null },
): RestoredDraft {
  const { client, stream } = useStream(binding)
  const store = useMemo(() => draftsOf<FormDraft>(client, 'form', stream), [client, stream])
  const name = String(id)
  const [isRestored, setRestored] = useState(false)
  const { dirtyFields, isDirty } = state.formState
  const latest = useRef({ fields, seen: touched.seen, dirtyFields, isDirty, isKept })
  useLayoutEffect(() => {
    latest.current = { fields, seen: touched.seen, dirtyFields, isDirty, isKept }
  })
  const { resume } = touched
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
    }
    return () => {
      const { fields, seen, dirtyFields, isKept } = latest.current
      const secret = new Set(fields.filter(field => hasWidget(field, 'PasswordInput')).map(field => field.name))
      const names = Object.keys(seen).filter(each => Object.hasOwn(dirtyFields, each) && !secret.has(each))
      const typed = state.getValues()
      const draftOf = (these: readonly string[]): FormDraft => ({ values: picked(typed, these), seen })
      const unsent = names.filter(each => !sending.current || !isSame(typed[each], sending.current[each]))
      isLeft.current = true
      left.current = isKept && names.length ? draftOf(names) : null
      if (isKept && unsent.length) store.set(name, draftOf(unsent))
    }
  }, [store, name, state, resume, sending])
  useUnloadGuard(useCallback(() => latest.current.isDirty, []))
  const keep = useCallback(() => setRestored(false), [])
  const drop = useCallback(() => {
    setRestored(false)
    resume({})
    state.reset(undefined, { keepDirtyValues: false })
  }, [state, resume])
  const keepUnsaved = useCallback(() => {
    if (isLeft.current && left.current) store.set(name, left.current)
  }, [store, name])
  return { isRestored, drop, keep, isLeft: useCallback(() => isLeft.current, []), keepUnsaved }
}

/** Tells whether the form holds what is not saved. */
export function useDirtyReport(isDirty: boolean, report: ((isDirty: boolean) => void) | undefined): void {
  useEffect(() => {
    report?.(isDirty)
  }, [isDirty, report])
}
