import {
  BindingError,
  type BindingName,
  type FieldErrors,
  type FormField,
  type Formset,
  type Pk,
  type Row,
} from '@channels-binding/core'
import { type UseFormResult, useForm } from '@channels-binding/core/react'
import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Skeleton from '@mui/material/Skeleton'
import Stack from '@mui/material/Stack'
import { type ElementType, type FormEvent, type JSX, useMemo, useState } from 'react'
import { type UseFormReturn, useForm as useFormState } from 'react-hook-form'

import { FieldView } from './FieldView.js'
import { type Complaints, FormsetView } from './FormsetView.js'
import { FORMSET_TEXTS, type FormsetTexts } from './formsetTexts.js'
import { Marks, sentence } from './marks.js'
import { componentOf } from './registry.js'
import { type EditedFormset, rowErrors, type SentRows, sentRows, useRows, valuesOfRows } from './rows.js'
import type { FieldComponent } from './types.js'
import { type FormValues, submissionOf, valuesOf } from './values.js'

/** Props of `BindingForm`. */
export interface BindingFormProps<N extends BindingName> {
  /** The stream. */
  readonly binding: N
  /** The row to change. @default a new one */
  readonly id?: Pk<N> | null
  /** Values to begin a new row with. */
  readonly initial?: Readonly<FormValues>
  /** Which fields, in which order. @default all, as the Django form has them */
  readonly fields?: readonly string[]
  /** Which formsets, in which order. @default all, as the binding has them */
  readonly formsets?: readonly string[]
  /** What formsets say, in another language. */
  readonly formsetTexts?: Partial<FormsetTexts>
  /** Components for some fields, by name; `'lines.text'` for a field of a formset. */
  readonly components?: Readonly<Record<string, FieldComponent>>
  readonly onSuccess?: (object: Row<N>) => void
  /** Shows a button that calls this. */
  readonly onCancel?: () => void
  /** @default 'Save' */
  readonly submitLabel?: string
  /** What a screen reader calls the form. @default the stream's name */
  readonly label?: string
  /** What fields and buttons stand in, `DialogContent` and `DialogActions` in a dialog. */
  readonly slots?: { readonly content?: ElementType; readonly actions?: ElementType }
}

/** A Django form in Material UI: fields, labels, help, choices and errors as the server describes them. */
export function BindingForm<N extends BindingName>(props: BindingFormProps<N>): JSX.Element {
  const { binding, id = null } = props
  const form = useForm(binding, { id })
  const Content = props.slots?.content ?? 'div'
  if (form.schema) return <LoadedForm key={String(id)} {...props} form={form} />
  if (form.error)
    return (
      <Content>
        <Alert severity="error" action={<Button onClick={() => void form.refetch()}>Retry</Button>}>
          {form.error.message}
        </Alert>
      </Content>
    )
  return (
    <Content>
      <Stack spacing={2} role="status" aria-label="Loading the form">
        {[0, 1, 2].map(line => (
          <Skeleton key={line} variant="rounded" height={56} />
        ))}
      </Stack>
    </Content>
  )
}

interface LoadedFormProps<N extends BindingName> extends BindingFormProps<N> {
  readonly form: UseFormResult<N>
}

function LoadedForm<N extends BindingName>(props: LoadedFormProps<N>): JSX.Element {
  const { form, initial, components, label, binding, slots } = props
  const fields = useNamed(form.fields, props.fields)
  const [formsets, actions, forgetEdits] = useRows(useNamed(form.formsets, props.formsets))
  const values = useMemo(() => allValues(fields, initial, formsets), [fields, initial, formsets])
  // What others change is taken over in fields that this user has not touched.
  const state = useFormState<FormValues>({ values, resetOptions: { keepDirtyValues: true, keepErrors: true } })
  const [failure, setFailure] = useState<Failure>(NO_FAILURE)
  const submit = async (event: FormEvent): Promise<void> => {
    let saved: Row<N> | undefined
    setFailure(NO_FAILURE)
    const check = state.handleSubmit(async typed => {
      state.clearErrors()
      const sent = sentOf(fields, formsets, typed, values)
      const outcome = await send(form, sent.data)
      if (outcome.object) saved = outcome.object as Row<N>
      else setFailure(show(outcome, fields, formsets, sent.rows, state))
    })
    await check(event)
    if (!saved) return
    forgetEdits()
    succeed(props, state, values, saved)
  }
  const Content = slots?.content ?? 'div'
  const Actions = slots?.actions ?? 'div'
  const isBusy = state.formState.isSubmitting
  return (
    <form
      noValidate
      aria-label={label ?? `${binding} form`}
      onSubmit={event => void submit(event)}
      style={{ display: 'contents' }}
    >
      <Content>
        <Stack spacing={2} sx={{ pt: 1 }}>
          {form.isGone && <Alert severity="warning">This was deleted meanwhile; it cannot be saved any more.</Alert>}
          {failure.message && <Alert severity="error">{failure.message}</Alert>}
          {fields.map(field => (
            <FieldView
              key={field.name}
              name={field.name}
              field={field}
              control={state.control}
              component={componentOf(field, components)}
              onEdit={() => setFailure(shown => ({ ...shown, message: null }))}
            />
          ))}
          {formsets.map(edited => (
            <FormsetView
              key={edited.formset.name}
              edited={edited}
              actions={actions}
              control={state.control}
              components={components}
              complaints={failure.formsets[edited.formset.name]}
              texts={{ ...FORMSET_TEXTS, ...props.formsetTexts }}
              disabled={form.isGone || isBusy}
              onEdit={row => setFailure(shown => without(shown, edited.formset.name, row))}
            />
          ))}
        </Stack>
      </Content>
      <Actions>
        <FormButtons {...props} isBusy={isBusy} isGone={form.isGone} />
      </Actions>
    </form>
  )
}

interface FormButtonsProps {
  readonly onCancel?: () => void
  readonly submitLabel?: string
  readonly isBusy: boolean
  readonly isGone: boolean
}

function FormButtons({ onCancel, submitLabel = 'Save', isBusy, isGone }: FormButtonsProps): JSX.Element {
  return (
    <Stack direction="row" spacing={1} sx={{ justifyContent: 'flex-end', py: 1 }}>
      {onCancel && <Button onClick={onCancel}>Cancel</Button>}
      <Button type="submit" variant="contained" loading={isBusy} disabled={isGone}>
        {submitLabel}
      </Button>
    </Stack>
  )
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

interface Sent {
  readonly data: FormValues
  readonly rows: Readonly<Record<string, SentRows>>
}

/** The fields, and of each formset what was done to it. */
function sentOf(
  fields: readonly FormField[],
  formsets: readonly EditedFormset[],
  values: FormValues,
  before: FormValues,
): Sent {
  const rows: Record<string, SentRows> = {}
  for (const edited of formsets) {
    const { name } = edited.formset
    rows[name] = sentRows(edited, (values[name] ?? {}) as FormValues, (before[name] ?? {}) as FormValues)
  }
  const lists = Object.entries(rows).map(([name, { list }]) => [name, list] as const)
  return { data: { ...submissionOf(fields, values), ...Object.fromEntries(lists) }, rows }
}

interface Outcome {
  readonly object: unknown
  readonly errors: FieldErrors
  readonly formsets: readonly Formset[]
  readonly message: string | null
}

async function send(form: UseFormResult<BindingName>, data: FormValues): Promise<Outcome> {
  try {
    const { success, object, errors, formsets = [] } = await form.submit(data)
    return { object: success ? (object ?? {}) : null, errors, formsets, message: null }
  } catch (reason) {
    const error = BindingError.from(reason)
    return { object: null, errors: error.fields ?? {}, formsets: [], message: error.message }
  }
}

function succeed<N extends BindingName>(
  { id = null, onSuccess }: BindingFormProps<N>,
  state: UseFormReturn<FormValues>,
  values: FormValues,
  object: Row<N>,
): void {
  state.reset(id === null ? values : state.getValues(), { keepDirtyValues: false, keepErrors: false })
  onSuccess?.(object)
}

/** What is said above the form, and within the formsets; what belongs to a field stands there. */
interface Failure {
  readonly message: string | null
  readonly formsets: Readonly<Record<string, Complaints>>
}

const NO_FAILURE: Failure = { message: null, formsets: {} }

/** What is still wrong once a row was changed. */
function without({ formsets }: Failure, name: string, row: string | null): Failure {
  const rows = Object.entries(formsets[name]?.rows ?? {}).filter(([key]) => key !== row)
  return { message: null, formsets: { ...formsets, [name]: { own: '', rows: Object.fromEntries(rows), focus: null } } }
}

/** Puts each error on its field and focuses the first; returns what belongs to no field that is seen. */
function show(
  outcome: Outcome,
  fields: readonly FormField[],
  formsets: readonly EditedFormset[],
  sent: Readonly<Record<string, SentRows>>,
  state: UseFormReturn<FormValues>,
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
  const message = others ?? (marks.isEmpty ? outcome.message : 'Please check the marked fields.')
  return { message, formsets: Object.fromEntries(complaints) }
}
