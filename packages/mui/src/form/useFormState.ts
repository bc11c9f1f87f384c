import type { BindingName, FormField, Row } from '@channels-binding/core'
import type { Conflict } from '@channels-binding/core/writes'
import { type Dispatch, type FocusEvent, type SetStateAction, useEffect, useMemo, useRef, useState } from 'react'
import { type UseFormReturn, useForm as useHookForm } from 'react-hook-form'
import type { LoadedFormProps } from './props.js'
import { type EditedFormset, type RowActions, useRows, valuesOfRows } from './rows.js'
import { type Failure, NO_FAILURE, send, sentOf, show } from './submit.js'
import { type RestoredDraft, useDirtyReport, useFormDraft } from './useFormDraft.js'
import { changedLabels, conflictIn, type Touched, typedSince, useTouched } from './useTouched.js'
import { type FormValues, picked, valuesOf } from './values.js'

/** How often a submission is made again by itself when others have just saved something else. */
const MAX_MERGES = 3

/** Everything that a form knows. */
export interface FormWorld {
  readonly state: UseFormReturn<FormValues>
  readonly fields: readonly FormField[]
  readonly formsets: readonly EditedFormset[]
  readonly actions: RowActions
  readonly touched: Touched
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
  const [formsets, actions, forgetEdits] = useRows(useNamed(form.formsets, props.formsets))
  const values = useMemo(() => allValues(fields, initial, formsets), [fields, initial, formsets])
  // What others change is taken over in fields that this user has not touched.
  const state = useHookForm<FormValues>({ values, resetOptions: { keepDirtyValues: true, keepErrors: true } })
  const touched = useTouched(values)
  const [failure, setFailure] = useState<Failure>(NO_FAILURE)
  const [conflict, setConflict] = useState<Conflict | null>(null)
  const [isSaved, setSaved] = useState(false)
  const isOwn = useRef(false)
  const [changed, dismiss] = useChanged(fields, values, state, isOwn)
  const sending = useRef<Readonly<FormValues> | null>(null)
  const draft = useFormDraft(binding, id, fields, state, touched, keepDrafts, sending)
  const wasLeft = useRef(false)
  const { isDirty, isSubmitting } = state.formState
  useDirtyReport(isDirty, props.onDirtyChange)
  const contested = id === null ? null : conflictIn(state.getValues(), values, touched.seen)

  const latest = useRef({ values, seen: touched.seen, formsets, fields })
  useEffect(() => {
    latest.current = { values, seen: touched.seen, formsets, fields }
  })

  const save = async (typed: FormValues, attempt = 0): Promise<Row<N> | null> => {
    const { values, seen, formsets, fields } = latest.current
    const found = id === null ? null : conflictIn(typed, values, seen)
    if (found) {
      setConflict(found)
      return null
    }
    state.clearErrors()
    sending.current = typed
    const sent = sentOf(fields, formsets, typed, values)
    const outcome = await send(form, sent.data)
    if (outcome.object) return outcome.object as Row<N>
    if (outcome.isOvertaken && attempt < MAX_MERGES) {
      await form.refetch()
      await drawn()
      // The fields that were not touched are those of the server by now.
      return save(state.getValues(), attempt + 1)
    }
    setFailure(show(outcome, fields, formsets, sent.rows, state, says.check))
    return null
  }
  const submit = async (): Promise<void> => {
    let saved: Row<N> | null = null
    setFailure(NO_FAILURE)
    isOwn.current = true
    const refuse = (): void => setFailure({ ...NO_FAILURE, message: says.check })
    wasLeft.current = false
    await state.handleSubmit(async typed => {
      saved = await save(typed)
    }, refuse)()
    await drawn()
    const sent = sending.current ?? {}
    if (saved && !draft.isLeft() && id !== null && Object.keys(typedSince(fields, sent, state.getValues())).length) {
      await form.refetch() // so that it is known over what one has gone on typing
      await drawn()
    }
    isOwn.current = false
    sending.current = null
    if (!saved) draft.keepUnsaved()
    if (!saved || draft.isLeft()) return
    const { values, fields: now } = latest.current
    const later = typedSince(now, sent, state.getValues())
    const names = Object.keys(later)
    forgetEdits()
    touched.resume(picked(values, names))
    draft.keep()
    setSaved(true)
    const clean = id === null ? values : { ...state.getValues(), ...picked(values, names) }
    state.reset(clean, { keepDirtyValues: false, keepErrors: false })
    for (const name of names) state.setValue(name, later[name], { shouldDirty: true })
    props.onSuccess?.(saved)
    if (autosave && wasLeft.current && names.length) void submit()
  }
  const resolve = (mine: Readonly<FormValues>): void => {
    const { theirs } = conflict as Conflict
    setConflict(null)
    touched.accept(theirs)
    for (const [name, value] of Object.entries(theirs))
      if (!Object.hasOwn(mine, name)) state.resetField(name, { defaultValue: value })
    // The next render knows what was decided.
    setTimeout(() => void submit())
  }
  const leave = ({ currentTarget }: FocusEvent): void => {
    setTimeout(() => {
      if (!autosave || id === null || !currentTarget.isConnected || form.isGone || conflict) return
      if (sending.current) wasLeft.current = true
      else if (state.formState.isDirty && !state.formState.isSubmitting) void submit()
    })
  }
  return {
    ...{ state, fields, formsets, actions, touched, failure, setFailure, contested, conflict, setConflict, resolve },
    ...{ changed, dismiss, draft, leave, isSaved: isSaved && !isDirty, isBusy: isSubmitting },
    submit: () => void submit(),
  }
}

/** Labels of fields that others have just changed, until the user has seen it. */
function useChanged(
  fields: readonly FormField[],
  values: Readonly<FormValues>,
  state: UseFormReturn<FormValues>,
  isOwn: { readonly current: boolean },
): readonly [readonly string[], () => void] {
  const before = useRef(values)
  const [changed, setChanged] = useState<readonly string[]>([])
  useEffect(() => {
    if (before.current === values) return
    const typed = { ...before.current, ...onlyDirty(state) }
    const labels = isOwn.current ? [] : changedLabels(fields, before.current, values, typed)
    before.current = values
    if (labels.length) setChanged(shown => [...new Set([...shown, ...labels])])
  }, [fields, values, state, isOwn])
  return [changed, () => setChanged([])]
}

const onlyDirty = (state: UseFormReturn<FormValues>): FormValues =>
  Object.fromEntries(Object.keys(state.formState.dirtyFields).map(name => [name, state.getValues(name)]))

/** Once React has drawn what has changed, and its effects have run. */
const drawn = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 20))

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
