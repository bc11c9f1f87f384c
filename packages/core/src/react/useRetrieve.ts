import { hashKey, type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { BindingError, BindingName, Description, FieldName, Pk, Row } from '../index.js'
import { useChannels } from './context.js'
import { extend } from './extend.js'
import { callQuery, type LiveExtras, liveExtras, type ReadOptions, useIsLive, useReadQuery } from './queries.js'

/** Options of `useRetrieve`. */
export interface UseRetrieveOptions<N extends BindingName> extends ReadOptions {
  /** Narrows the row to these fields. */
  readonly fields?: readonly FieldName<N>[]
}

/** What `useRetrieve` returns. */
export type UseRetrieveResult<N extends BindingName> = UseQueryResult<Row<N>, BindingError> & LiveExtras

/** One row, live; waits while the id is `null`. A row that was deleted has `isGone`, and an error with code `gone`. */
export function useRetrieve<N extends BindingName>(
  name: N,
  id: Pk<N> | null | undefined,
  { enabled = true, live = true, fields }: UseRetrieveOptions<N> = {},
): UseRetrieveResult<N> {
  const query = useReadQuery(name, 'retrieve', { id, ...(fields && { fields }) }, live)
  const isLive = useIsLive(hashKey(query.queryKey))
  const isWanted = enabled && id !== null && id !== undefined
  const result = useQuery({ ...query, enabled: isWanted }) as UseQueryResult<Row<N>, BindingError>
  return extend(result, liveExtras(result, isLive))
}

/** What a user interface needs to know of a stream: labels, fields, filters, permissions. Asked once. */
export function useDescribe<N extends BindingName>(
  name: N,
  { enabled = true }: { enabled?: boolean } = {},
): UseQueryResult<Description, BindingError> {
  const channels = useChannels()
  return useQuery({ ...callQuery(channels, name, 'describe', {}), enabled }) as UseQueryResult<
    Description,
    BindingError
  >
}
