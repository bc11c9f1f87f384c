import { hashKey, type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { BindingError, BindingName, Description, ExpandPath, FieldName, Pk, RowWith } from '../index.js'
import { useChannelsOf } from './context.js'
import { extend } from './extend.js'
import { callQuery, type LiveExtras, liveExtras, type ReadOptions, useLiveness, useReadQuery } from './queries.js'

/** Options of `useRetrieve`. */
export interface UseRetrieveOptions<
  N extends BindingName,
  E extends readonly ExpandPath<N>[] = readonly ExpandPath<N>[],
> extends ReadOptions {
  /** Narrows the row to these fields. */
  readonly fields?: readonly FieldName<N>[]
  /** Related rows to put into the row, in `row.expand`. */
  readonly expand?: E
}

/** What `useRetrieve` returns. */
export type UseRetrieveResult<N extends BindingName, E extends readonly string[] = readonly []> = UseQueryResult<
  RowWith<N, E>,
  BindingError
> &
  LiveExtras

/** One row, live; waits while the id is `null`. A row that was deleted has `isGone`, and an error with code `gone`. */
export function useRetrieve<N extends BindingName, const E extends readonly ExpandPath<N>[] = readonly []>(
  name: N,
  id: Pk<N> | null | undefined,
  { enabled = true, live = true, fields, expand }: UseRetrieveOptions<N, E> = {},
): UseRetrieveResult<N, E> {
  const query = useReadQuery(name, 'retrieve', { id, ...(fields && { fields }), ...(expand && { expand }) }, live)
  const liveness = useLiveness(name, hashKey(query.queryKey))
  const isWanted = enabled && id !== null && id !== undefined
  const result = useQuery({ ...query, enabled: isWanted }) as UseQueryResult<RowWith<N, E>, BindingError>
  return extend(result, liveExtras(result, liveness))
}

/** What a user interface needs to know of a stream: labels, fields, filters, permissions. Asked once. */
export function useDescribe<N extends BindingName>(
  name: N,
  { enabled = true }: { enabled?: boolean } = {},
): UseQueryResult<Description, BindingError> {
  const channels = useChannelsOf(name)
  return useQuery({ ...callQuery(channels, name, 'describe', {}), enabled }) as UseQueryResult<
    Description,
    BindingError
  >
}
