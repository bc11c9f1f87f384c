import { BindingError, type BindingName, type FieldErrors, type FormField, type Formset } from '@channels-binding/core'
import type { UseFormResult } from '@channels-binding/core/react'
import type { UseFormReturn } from 'react-hook-form'
import type { Complaints } from './FormsetView.js'
import { Marks, sentence } from './marks.js'
import { type EditedFormset, rowErrors, type SentRows, sentRows } from './rows.js'
import { type FormValues, submissionOf, toSend } from './values.js'

export interface Sent {
  readonly data: FormValues
  readonly rows: Readonly<Record<string, SentRows>>
}

/** The fields, and of each formset what was done to it. */
export function sentOf(
  fields: readonly FormField[],
  formsets: readonly EditedFormset[],
  values: FormValues,
  before: FormValues,
  isNew: boolean,
): Sent {
  const rows: Record<string, SentRows> = {}
  for (const edited of formsets) {
    const { name } = edited.formset
    rows[name] = sentRows(edited, (values[name] ?? {}) as FormValues, (before[name] ?? {}) as FormValues)
  }
  const lists = Object.entries(rows).map(([name, { list }]) => [name, list] as const)
  return {
    data: { ...submissionOf(toSend(fields, values, before, isNew), values), ...Object.fromEntries(lists) },
    rows,
  }
}

export interface Outcome {
  readonly object: unknown
  readonly errors: FieldErrors
  readonly formsets: readonly Formset[]
  readonly message: string | null
  /** Whether the same may succeed later. */
  readonly retry: boolean
  /** Whether nothing was saved because others have saved since. */
  readonly isOvertaken: boolean
}

export async function send(form: UseFormResult<BindingName>, data: FormValues): Promise<Outcome> {
  try {
    const { success, object, errors, formsets = [] } = await form.submit(data)
    const saved = success ? (object ?? {}) : null
    return { object: saved, errors, formsets, message: null, retry: false, isOvertaken: false }
  } catch (reason) {
    const error = BindingError.from(reason)
    const isOvertaken = error.code === 'precondition_failed'
    const errors = { ...(error.retry && filesIn(data, error)), ...error.fields }
    return { object: null, errors, formsets: [], message: error.message, retry: error.retry, isOvertaken }
  }
}

/** Files are sent at once or not at all: it stands at them that they were not. */
const filesIn = (data: FormValues, { code, message }: BindingError): FieldErrors =>
  Object.fromEntries(
    Object.entries(data)
      .filter(([, value]) => [value].flat().some(each => each instanceof Blob))
      .map(([name]) => [name, [{ code, message }]]),
  )

/** What is said above the form, and within the formsets; what belongs to a field stands there. */
export interface Failure {
  readonly message: string | null
  /** Whether the same may succeed later. */
  readonly retry: boolean
  readonly formsets: Readonly<Record<string, Complaints>>
}

export const NO_FAILURE: Failure = { message: null, retry: false, formsets: {} }

/** What is still wrong once a row was changed. */
export function without({ formsets }: Failure, name: string, row: string | null): Failure {
  const rows = Object.entries(formsets[name]?.rows ?? {}).filter(([key]) => key !== row)
  return {
    message: null,
    retry: false,
    formsets: { ...formsets, [name]: { own: '', rows: Object.fromEntries(rows), focus: null } },
  }
}

/** Puts each error on its field and focuses the first; returns what belongs to no field that is seen. */
export function show(
  outcome: Outcome,
  fields: readonly FormField[],
  formsets: readonly EditedFormset[],
  sent: Readonly<Record<string, SentRows>>,
  state: UseFormReturn<FormValues>,
  checkText: string,
): Failure {
  const { errors } = outcome
  const marks = new Marks(state)
  const names = new Set([...marks.put(fields, errors), ...formsets.map(each => each.formset.name)])
  const complaints = formsets.map(edited => {
    const { name } = edited.formset
    const found = rowErrors(errors, edited, sent[name] as SentRows, outcome.formsets)
    return [name, marks.putRows(edited, found)] as const
  })
  const others = sentence(Object.entries(errors).filter(([name]) => !names.has(name)))
  const { retry } = outcome
  const message = others ?? (marks.isEmpty || retry ? outcome.message : checkText)
  return { message, retry, formsets: Object.fromEntries(complaints) }
}
