import { type UseMutationResult, useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import type {
  BindingError,
  BindingName,
  CallOptions,
  DeleteReply,
  FieldErrors,
  Pk,
  SaveInput,
  SaveReply,
} from '../index.js'
import { type Conflict, conflictOf, seen, type WriteInput, Writes } from '../writes/index.js'
import { useChannelsOf } from './context.js'
import { extend } from './extend.js'
import { bareOf } from './named.js'

/** Options of the hooks that write. */
export interface WriteOptions<R, V> {
  readonly onSuccess?: (reply: R, values: V) => void
  readonly onError?: (error: BindingError, values: V) => void
  /** Writes whatever others have written since the user saw the row. @default false */
  readonly overwrite?: boolean
  /**
   * The row as the user saw it, or some of its fields, where that is not what a live read shows now: as it was when an editor was
   * opened, for instance. @default what a live read shows
   */
  readonly base?: (values: V) => Readonly<Record<string, unknown>> | null | undefined
  /** Options of the call: `timeoutMs` of one attempt, `key`, `ifVersion`. */
  readonly call?: Omit<CallOptions, 'signal'>
}

/** Options of `useSave`. */
export interface UseSaveOptions<N extends BindingName> extends WriteOptions<SaveReply<N>, SaveInput<N>> {
  /**
   * Shows the change at once, until the server's own is there or it is refused. A new row is shown on top of lists without filters, with
   * `new:…` as its `id`. @default true for changes of rows, false for new ones
   */
  readonly optimistic?: boolean
}

/** Options of `useDelete`. */
export interface UseDeleteOptions<N extends BindingName> extends WriteOptions<DeleteReply<N>, Pk<N>> {
  /** Takes the row out of lists at once, until the server does or refuses. @default true */
  readonly optimistic?: boolean
}

/** Others have changed the same since the user saw the row, and what can be done about it. */
export interface WriteConflict<R> extends Conflict {
  /** Writes again, over what others have written. */
  readonly keepMine: () => Promise<R>
  /** Leaves it at what others have written. */
  readonly takeTheirs: () => void
}

/** What the writing hooks add to TanStack Query's result. */
export interface WriteExtras<R, V> {
  /** What is wrong with which field, where the server refused the values. */
  readonly errors: FieldErrors | null
  /** Others have changed the same fields since the user saw the row; `null` where they have not. */
  readonly conflict: WriteConflict<R> | null
  /** Alias of `isSuccess`. */
  readonly success: boolean
  /** Alias of `mutateAsync`. */
  readonly submit: (values: V) => Promise<R>
}

/** What `useSave` returns. */
export type UseSaveResult<N extends BindingName> = UseMutationResult<SaveReply<N>, BindingError, SaveInput<N>> &
  WriteExtras<SaveReply<N>, SaveInput<N>>
/** What `useDelete` returns. */
export type UseDeleteResult<N extends BindingName> = UseMutationResult<DeleteReply<N>, BindingError, Pk<N>> &
  WriteExtras<DeleteReply<N>, Pk<N>>

interface Context {
  readonly base: Readonly<Record<string, unknown>> | null
}

function useWrite<R, V>(
  name: string,
  inputOf: (values: V) => WriteInput,
  { onSuccess, onError, overwrite = false, base, call = {} }: WriteOptions<R, V>,
): UseMutationResult<R, BindingError, V> & WriteExtras<R, V> {
  const { client } = useChannelsOf(name)
  const version = useRef<string | undefined>(undefined)
  const result = useMutation<R, BindingError, V, Context>({
    mutationFn: values => {
      const { key, timeoutMs, ifVersion = version.current } = call
      version.current = undefined
      const write = { ...inputOf(values), key, timeoutMs, ifVersion, base: base?.(values), isChecked: !overwrite }
      return Writes.of(client).write(write) as Promise<R>
    },
    networkMode: 'always',
    onMutate: values => {
      const { stream, id } = inputOf(values)
      if (id === undefined || id === null) return { base: null }
      return { base: base?.(values) ?? seen(client, stream, id)?.row ?? null }
    },
    onSuccess: (reply, values) => onSuccess?.(reply, values),
    onError: (error, values) => onError?.(error, values),
  })
  const keepMine = (): Promise<R> => {
    version.current = result.error?.version ?? undefined
    return result.mutateAsync(result.variables as V)
  }
  return extend(result as UseMutationResult<R, BindingError, V>, {
    get errors() {
      return result.error?.fields ?? null
    },
    get conflict() {
      if (result.error?.code !== 'precondition_failed') return null
      const { values = {} } = inputOf(result.variables as V)
      const found = conflictOf({ values, base: result.context?.base ?? null }, result.error)
      return found && { ...found, keepMine, takeTheirs: result.reset }
    },
    get success() {
      return result.isSuccess
    },
    submit: (values: V) => result.mutateAsync(values),
  })
}

/**
 * Saves a row: updates with an `id`, creates without. It is shown at once, taken back if it is refused, waits where there is no
 * connection, and is made once; a second equal one before the answer is the first.
 */
export function useSave<N extends BindingName>(name: N, options: UseSaveOptions<N> = {}): UseSaveResult<N> {
  const inputOf = (input: SaveInput<N>): WriteInput => {
    const { id = null, ...values } = input as { id?: Pk<N> } & Record<string, unknown>
    return { stream: bareOf(name), action: 'save', id, values, isOptimistic: options.optimistic ?? id !== null }
  }
  return useWrite(name, inputOf, options)
}

/** Deletes a row by its id, as `useSave` saves one. */
export function useDelete<N extends BindingName>(name: N, options: UseDeleteOptions<N> = {}): UseDeleteResult<N> {
  const { optimistic: isOptimistic = true } = options
  const inputOf = (id: Pk<N>): WriteInput => ({ stream: bareOf(name), action: 'delete', id, isOptimistic })
  return useWrite(name, inputOf, options)
}
