import type { BindingName, DeleteReply, Pk, SaveReply, UpdateInput } from '../index.js'
import { extend } from './extend.js'
import { type UseRetrieveOptions, type UseRetrieveResult, useRetrieve } from './useRetrieve.js'
import { type UseDeleteResult, type UseSaveResult, useDelete, useSave } from './useSave.js'

/** What `useInstance` adds to what `useRetrieve` returns. */
export interface InstanceExtras<N extends BindingName> {
  /** Alias of `isGone`. */
  readonly isDeleted: boolean
  /** Changes some of its fields. */
  readonly save: (values: UpdateInput<N>) => Promise<SaveReply<N>>
  /** Deletes it. */
  readonly remove: () => Promise<DeleteReply<N>>
  /** How saving goes: `isPending`, `errors`, `conflict`, … */
  readonly saving: UseSaveResult<N>
  /** How deleting goes. */
  readonly removing: UseDeleteResult<N>
}

/** One row, live, and what can be done with it. */
export function useInstance<N extends BindingName>(
  name: N,
  id: Pk<N> | null | undefined,
  options: UseRetrieveOptions<N, readonly []> = {},
): UseRetrieveResult<N> & InstanceExtras<N> {
  const row = useRetrieve(name, id, options)
  const saving = useSave(name)
  const removing = useDelete(name)
  return extend(row, {
    get isDeleted() {
      return row.isGone
    },
    save: (values: UpdateInput<N>) => saving.submit({ ...values, id: id as Pk<N> }),
    remove: () => removing.submit(id as Pk<N>),
    saving,
    removing,
  })
}
