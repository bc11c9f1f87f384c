import { hashKey, keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query'
import type {
  AggregateAnswer,
  AggregatedName,
  AggregateParams,
  AggregateRow,
  BindingError,
  GroupName,
  MeasureName,
} from '../index.js'
import { useLiveness, useReadQuery } from './queries.js'
import { type RowsExtras, type UseSearchOptions, withRows } from './useSearch.js'

/** What `useAggregate` returns. */
export type UseAggregateResult<
  N extends AggregatedName,
  M extends MeasureName<N> = MeasureName<N>,
  G extends GroupName<N> = GroupName<N>,
> = UseQueryResult<AggregateAnswer<AggregateRow<N, M, G>>, BindingError> & RowsExtras<AggregateRow<N, M, G>>

/** Measures of a stream by groups, live: `useAggregate('shop.Order', { measures: ['sum:amount'], by: ['status'] })`. */
export function useAggregate<
  N extends AggregatedName,
  const M extends MeasureName<N> = Extract<'count', MeasureName<N>>,
  const G extends GroupName<N> = never,
>(
  name: N,
  params: AggregateParams<N, M, G> = {},
  { enabled = true, live = true, keepPrevious = true }: UseSearchOptions = {},
): UseAggregateResult<N, M, G> {
  const query = useReadQuery(name, 'aggregate', params, live)
  const liveness = useLiveness(hashKey(query.queryKey))
  const previous = keepPrevious ? { placeholderData: keepPreviousData } : {}
  const result = useQuery({ ...query, enabled, ...previous })
  return withRows(result as never, liveness) as UseAggregateResult<N, M, G>
}
