import type { BindingName, FormField } from '@channels-binding/core'
import { useChannels } from '@channels-binding/core/react'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { UseFormReturn } from 'react-hook-form'
import { draftsOf, useUnloadGuard } from '../drafts.js'
import { hasWidget } from './attributes.js'
import type { Touched } from './useTouched.js'
import type { FormValues } from './values.js'

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
}

/**
 * Keeps what was typed and not saved when the form goes off the page, and has it in there again when the form comes back; lets the browser
 * ask before a reload. Rows of formsets are guarded, not kept.
 */
export function useFormDraft(
  binding: BindingName,
  id: string | number | null,
  fields: readonly FormField[],
  state: UseFormReturn<FormValues>,
  touched: Touched,
  isKept: boolean,
): RestoredDraft {
  const { client } = useChannels()
  const store = useMemo(() => draftsOf<FormDraft>(client, 'form', binding), [client, binding])
  const name = String(id)
  const [isRestored, setRestored] = useState(false)
  const { dirtyFields, isDirty } = state.formState
  const latest = useRef({ fields, seen: touched.seen, dirtyFields, isDirty, isKept })
  useLayoutEffect(() => {
    latest.current = { fields, seen: touched.seen, dirtyFields, isDirty, isKept }
  })
  const { resume } = touched
  useLayoutEffect(() => {
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
      const values = Object.fromEntries(names.map(each => [each, state.getValues(each)]))
      if (isKept && names.length) store.set(name, { values, seen })
    }
  }, [store, name, state, resume])
  useUnloadGuard(useCallback(() => latest.current.isDirty, []))
  const keep = useCallback(() => setRestored(false), [])
  const drop = useCallback(() => {
    setRestored(false)
    resume({})
    state.reset(undefined, { keepDirtyValues: false })
  }, [state, resume])
  return { isRestored, drop, keep }
}

/** Tells whether the form holds what is not saved. */
export function useDirtyReport(isDirty: boolean, report: ((isDirty: boolean) => void) | undefined): void {
  useEffect(() => {
    report?.(isDirty)
  }, [isDirty, report])
}
