import { type UseQueryResult, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { hasFile } from '../files.js'
import {
  type BindingError,
  type BindingName,
  type ChannelsClient,
  canonical,
  type FieldErrors,
  type FormField,
  type FormReply,
  type Formset,
  type Pk,
  type Row,
} from '../index.js'
import { type Conflict, conflictOf, seen, Writes } from '../writes/index.js'
import { isSameTarget } from '../writes/write.js'
import { useChannelsOf } from './context.js'
import { NONE } from './extend.js'
import { bareOf } from './named.js'
import { callQuery } from './queries.js'
import { useRetrieve } from './useRetrieve.js'

/** Options of `useForm`. */
export interface UseFormOptions<N extends BindingName> {
  /** The row to change; `null` for a new one. */
  readonly id?: Pk<N> | null | undefined
  /** Takes over what others change, by asking for the form again. @default true */
  readonly live?: boolean
  readonly enabled?: boolean
  readonly onSuccess?: (object: Row<N>, reply: FormReply<Row<N>>) => void
}

/** What `useForm` returns. */
export interface UseFormResult<N extends BindingName> {
  /** The form as the server describes it; `undefined` until it is there. */
  readonly schema: FormReply<Row<N>> | undefined
  readonly fields: readonly FormField[]
  /** Rows beside the form, as they are stored; submit a list under the name of each. */
  readonly formsets: readonly Formset[]
  readonly object: Row<N> | null
  /** What the server said of the last submission, by field; `null` where nothing is wrong. */
  readonly errors: FieldErrors | null
  /** What belongs to no single field. */
  readonly formErrors: readonly string[]
  /** Why the form could not be read. */
  readonly error: BindingError | null
  /** Why the last submission failed, other than by validation. */
  readonly submitError: BindingError | null
  readonly isPending: boolean
  readonly isError: boolean
  readonly isFetching: boolean
  readonly isSubmitting: boolean
  /**
   * Whether the submission waits for the connection. It is made once, in its turn, even if the form is closed meanwhile (`usePending`);
   * one with files does not wait.
   */
  readonly isWaiting: boolean
  readonly isSuccess: boolean
  /** Alias of `isSuccess`. */
  readonly success: boolean
  /** Alias of `isFetching`. */
  readonly fetching: boolean
  /** Whether the row was deleted while the form is open. */
  readonly isGone: boolean
  /** Others have written the row since the form was shown, and nothing was saved; `keepMine()` saves over that. */
  readonly conflict: (Conflict & { readonly keepMine: () => Promise<FormReply<Row<N>>> }) | null
  /** How much of the files of a submission has been sent, from 0 to 1; `null` while none are. */
  readonly progress: number | null
  /** Submits the values; what does not validate resolves with `success: false`, other errors reject. */
  readonly submit: (values: Readonly<Record<string, unknown>>) => Promise<FormReply<Row<N>>>
  readonly refetch: () => Promise<unknown>
  /** Alias of `refetch`. */
  readonly refresh: () => Promise<unknown>
  /** Forgets the last submission. */
  readonly reset: () => void
}

/** Asks for the form again whenever somebody changes the row. */
function useFollow<N extends BindingName>(name: N, options: UseFormOptions<N>, refetch: () => unknown): boolean {
  const { id = null, live = true, enabled = true } = options
  const row = useRetrieve(name, id, { enabled: enabled && live && id !== null })
  const seen = useRef<unknown>(undefined)
  const { data, isGone } = row
  useEffect(() => {
    if (data === undefined || data === seen.current) return
    if (seen.current !== undefined) refetch()
    seen.current = data
  }, [data, refetch])
  return isGone
}

type Values = Readonly<Record<string, unknown>>

/** The function; while its answer is awaited, a second equal call is the first. */
function useOnce<R>(ask: (values: Values) => Promise<R>): (values: Values) => Promise<R> {
  const running = useRef<{ values: Values; answer: Promise<R> } | null>(null)
  return useCallback(
    values => {
      const first = running.current
      if (first && (first.values === values || isSameText(first.values, values))) return first.answer
      const answer = ask(values).finally(() => {
        if (running.current === mine) running.current = null
      })
      const mine = { values, answer }
      running.current = mine
      return mine.answer
    },
    [ask],
  )
}

/** Whether two submissions say the same; files are not compared. */
const isSameText = (one: Values, other: Values): boolean =>
  !hasFile(one) && !hasFile(other) && canonical(one) === canonical(other)

/** The version of the row that the form shows, as far as a live read shows the same. */
function useVersion(
  client: ChannelsClient,
  name: string,
  object: Row<BindingName> | null,
): { current: string | undefined } {
  const version = useRef<string | undefined>(undefined)
  const shown = object ? seen(client, name, object.id) : null
  useEffect(() => {
    if (shown && canonical(shown.row) === canonical(object)) version.current = shown.v
  }, [shown, object])
  return version
}

interface Target {
  readonly id: string | number | null
  readonly files: readonly string[]
  readonly formsets: readonly string[]
}

/** How values reach the server: with files by HTTP, at once or not at all, and else as any other write does. */
function useSubmission<R>(
  client: ChannelsClient,
  stream: string,
  target: Target,
  version: { current: string | undefined },
) {
  const writes = Writes.of(client)
  const [progress, setProgress] = useState<number | null>(null)
  const form = { stream, action: 'form' as const, id: target.id }
  const isKept = (): boolean =>
    writes.getSnapshot().some(write => write.state === 'waiting' && isSameTarget(write, form))
  const isWaiting = useSyncExternalStore(writes.subscribe, isKept, () => false)
  const upload = (values: Values): Promise<unknown> =>
    client
      .submitForm(stream as BindingName, values, target as never, {
        ifVersion: version.current,
        onProgress: setProgress,
      })
      .finally(() => setProgress(null))
  const write = (values: Values): Promise<unknown> =>
    writes.write({ ...form, values, ifVersion: version.current, isChecked: false })
  const send = (values: Values): Promise<R> => (hasFile(values) ? upload(values) : write(values)) as Promise<R>
  return { send, progress, isWaiting }
}

/** A Django form: its fields and values, and how to submit it. Works with whatever keeps the values. */
export function useForm<N extends BindingName>(name: N, options: UseFormOptions<N> = {}): UseFormResult<N> {
  const { id = null, enabled = true, onSuccess } = options
  const channels = useChannelsOf(name)
  const queries = useQueryClient()
  const asked = callQuery(channels, name, 'form', id === null ? {} : { id })
  const query = useQuery({ ...asked, enabled, staleTime: 0 }) as UseQueryResult<FormReply<Row<N>>, BindingError>
  const { data: schema, refetch } = query
  const isGone = useFollow(name, options, refetch)
  const formsets = schema?.formsets ?? NONE
  const files = filesOf(schema?.fields ?? NONE, formsets)
  const target = { id, files, formsets: formsets.map(formset => formset.name) }
  const version = useVersion(channels.client, bareOf(name), (schema?.object ?? null) as Row<BindingName> | null)
  const { send, progress, isWaiting } = useSubmission<FormReply<Row<N>>>(channels.client, bareOf(name), target, version)
  const mutation = useMutation<FormReply<Row<N>>, BindingError, Values>({
    mutationFn: send,
    networkMode: 'always',
    onSuccess: reply => {
      if (reply.success) version.current = undefined // until the form is read again, which shows what was saved
      if (reply.success && id !== null) queries.setQueryData(asked.queryKey, (form: FormReply) => withRows(form, reply))
      if (reply.success && reply.object) onSuccess?.(reply.object, reply)
    },
  })
  const { mutateAsync, reset } = mutation
  const submit = useOnce(mutateAsync)
  const keepMine = (): Promise<FormReply<Row<N>>> => {
    version.current = mutation.error?.version ?? undefined
    return mutateAsync(mutation.variables ?? {})
  }
  const conflict = conflictOf({ values: mutation.variables ?? {}, base: schema?.object ?? null }, mutation.error)
  const errors = errorsOf(mutation.data, mutation.error)
  const isSuccess = mutation.data?.success ?? false
  return {
    schema,
    fields: schema?.fields ?? NONE,
    formsets,
    object: mutation.data?.object ?? schema?.object ?? null,
    errors,
    formErrors: errors?.__all__?.map(error => error.message) ?? NONE,
    error: query.error,
    submitError: mutation.error,
    isPending: query.isPending,
    isError: query.isError,
    isFetching: query.isFetching,
    isSubmitting: mutation.isPending,
    isWaiting,
    isSuccess,
    success: isSuccess,
    fetching: query.isFetching,
    isGone,
    conflict: conflict && { ...conflict, keepMine },
    progress,
    submit,
    refetch,
    refresh: refetch,
    reset,
  }
}

const isFileField = (field: FormField): boolean =>
  [field.type, ...(field.bases ?? [])].some(name => name === 'FileField' || name === 'ImageField')

/** File fields of the form, and those of its formsets: `['cover', 'chapters.picture']`. */
function filesOf(fields: readonly FormField[], formsets: readonly Formset[]): string[] {
  const ofRows = formsets.flatMap(({ name, empty }) => filesOf(empty, []).map(field => `${name}.${field}`))
  return [...fields.filter(isFileField).map(field => field.name), ...ofRows]
}

/** The form with its rows as they were saved: they are not part of the live read of the row, which refreshes the form. */
const withRows = (form: FormReply | undefined, saved: FormReply<unknown>): FormReply | undefined =>
  form && { ...form, ...(saved.formsets && { formsets: saved.formsets }) }

function errorsOf(reply: FormReply<unknown> | undefined, error: BindingError | null): FieldErrors | null {
  return error ? error.fields : reply?.success === false ? reply.errors : null
}
