import {
  BindingError,
  type BindingName,
  type FieldErrors,
  type FormField,
  type Pk,
  type Row,
} from '@channels-binding/core'
import { type UseFormResult, useForm } from '@channels-binding/core/react'
import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Skeleton from '@mui/material/Skeleton'
import Stack from '@mui/material/Stack'
import { type ElementType, type FormEvent, type JSX, useMemo, useState } from 'react'
import { type Control, Controller, type UseFormReturn, useForm as useFormState } from 'react-hook-form'
import { messagesOf } from '../text.js'
import { hasWidget } from './attributes.js'
import { componentOf } from './registry.js'
import { type FieldComponent, InvalidValue } from './types.js'
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
  /** Components for some fields, by name. */
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

const ALL = '__all__'

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
  const fields = useFields(form.fields, props.fields)
  const values = useMemo(() => valuesOf(fields, initial), [fields, initial])
  // What others change is taken over in fields that this user has not touched.
  const state = useFormState<FormValues>({ values, resetOptions: { keepDirtyValues: true, keepErrors: true } })
  const [failure, setFailure] = useState<string | null>(null)
  const submit = async (event: FormEvent): Promise<void> => {
    let saved: Row<N> | undefined
    setFailure(null)
    const check = state.handleSubmit(async sent => {
      state.clearErrors()
      const outcome = await send(form, fields, sent)
      if (outcome.object) saved = outcome.object as Row<N>
      else setFailure(show(outcome.errors, fields, state) ?? outcome.message)
    })
    await check(event)
    if (saved) succeed(props, state, values, saved)
  }
  const Content = slots?.content ?? 'div'
  const Actions = slots?.actions ?? 'div'
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
          {failure && <Alert severity="error">{failure}</Alert>}
          {fields.map(field => (
            <FieldView
              key={field.name}
              field={field}
              control={state.control}
              component={componentOf(field, components)}
              onEdit={() => setFailure(null)}
            />
          ))}
        </Stack>
      </Content>
      <Actions>
        <FormButtons {...props} isBusy={state.formState.isSubmitting} isGone={form.isGone} />
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

function useFields(all: readonly FormField[], names: readonly string[] | undefined): readonly FormField[] {
  return useMemo(() => {
    if (!names) return all
    const byName = new Map(all.map(field => [field.name, field]))
    return names.flatMap(name => byName.get(name) ?? [])
  }, [all, names])
}

interface Outcome {
  readonly object: unknown
  readonly errors: FieldErrors
  readonly message: string | null
}

async function send(
  form: UseFormResult<BindingName>,
  fields: readonly FormField[],
  values: FormValues,
): Promise<Outcome> {
  try {
    const reply = await form.submit(submissionOf(fields, values))
    return { object: reply.success ? (reply.object ?? {}) : null, errors: reply.errors, message: null }
  } catch (reason) {
    const error = BindingError.from(reason)
    return { object: null, errors: error.fields ?? {}, message: error.message }
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

/** Puts each error on its field and focuses the first; returns what belongs to no field that is seen. */
function show(errors: FieldErrors, fields: readonly FormField[], state: UseFormReturn<FormValues>): string | null {
  const seen = fields.filter(field => !hasWidget(field, 'HiddenInput') && errors[field.name]?.length)
  for (const [index, { name }] of seen.entries())
    state.setError(name, { type: 'server', message: messagesOf(errors[name]) }, { shouldFocus: index === 0 })
  const names = new Set(seen.map(field => field.name))
  const others = Object.entries(errors).filter(([name, list]) => list.length && !names.has(name))
  if (others.length) return others.map(([name, list]) => (name === ALL ? '' : `${name}: `) + messagesOf(list)).join(' ')
  return seen.length ? 'Please check the marked fields.' : null
}

interface FieldViewProps {
  readonly field: FormField
  readonly control: Control<FormValues>
  readonly component: FieldComponent
  readonly onEdit: () => void
}

function FieldView({ field, control, component: Component, onEdit }: FieldViewProps): JSX.Element {
  return (
    <Controller
      name={field.name}
      control={control}
      rules={{ validate: value => (value instanceof InvalidValue ? value.message : true) }}
      render={({ field: { value, onChange, onBlur, ref }, fieldState: { error } }) => (
        <Component
          field={field}
          value={value}
          onChange={next => {
            onEdit()
            onChange(next)
          }}
          onBlur={onBlur}
          error={error?.message}
          disabled={field.disabled ?? false}
          inputRef={ref}
        />
      )}
    />
  )
}
