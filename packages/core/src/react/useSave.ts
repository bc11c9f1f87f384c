import { type UseMutationResult, useMutation } from '@tanstack/react-query'
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
import { useChannels } from './context.js'
import { extend } from './extend.js'

/** Options of the hooks that write. */
export interface WriteOptions<R, V> {
  readonly onSuccess?: (reply: R, values: V) => void
  readonly onError?: (error: BindingError, values: V) => void
  /** Options of the call: `timeoutMs`, `key`, `ifVersion`. */
  readonly call?: Omit<CallOptions, 'signal'>
}

/** Options of `useSave`. */
export interface UseSaveOptions<N extends BindingName> extends WriteOptions<SaveReply<N>, SaveInput<N>> {
  /** Shows the change at once, until the server's own is there or it is refused. @default true */
  readonly optimistic?: boolean
}

/** What the writing hooks add to TanStack Query's result. */
export interface WriteExtras<R, V> {
  /** What is wrong with which field, where the server refused the values. */
  readonly errors: FieldErrors | null
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

function useWrite<R, V>(
  write: (values: V) => Promise<R>,
  { onSuccess, onError }: WriteOptions<R, V>,
): UseMutationResult<R, BindingError, V> & WriteExtras<R, V> {
  const result = useMutation<R, BindingError, V>({
    mutationFn: write,
    networkMode: 'always',
    onSuccess: (reply, values) => onSuccess?.(reply, values),
    onError: (error, values) => onError?.(error, values),
  })
  return extend(result, {
    get errors() {
      return result.error?.fields ?? null
    },
    get success() {
      return result.isSuccess
    },
    submit: (values: V) => result.mutateAsync(values),
  })
}

/** Saves a row: updates with an `id`, creates without. An update is shown at once, and taken back if it is refused. */
export function useSave<N extends BindingName>(name: N, options: UseSaveOptions<N> = {}): UseSaveResult<N> {
  const { client, bridge } = useChannels()
  const save = async (input: SaveInput<N>): Promise<SaveReply<N>> => {
    const { id, ...values } = input as { id?: Pk<N> } & Record<string, unknown>
    const isOptimistic = id !== undefined && options.optimistic !== false
    const takeBack = isOptimistic ? bridge.overlay({ stream: name, id, values }) : () => undefined
    // The server's own change arrives before its reply, so nothing flickers when the patch goes.
    return client.save(name, input, options.call).finally(takeBack)
  }
  return useWrite(save, options)
}

/** Deletes a row by its id. */
export function useDelete<N extends BindingName>(
  name: N,
  options: WriteOptions<DeleteReply<N>, Pk<N>> = {},
): UseDeleteResult<N> {
  const { client } = useChannels()
  return useWrite((id: Pk<N>) => client.delete(name, id, options.call), options)
}
