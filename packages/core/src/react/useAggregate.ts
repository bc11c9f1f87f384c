import type { UseQueryResult } from '@tanstack/react-query'
import type {
  AggregateAnswer,
  AggregatedName,
  AggregateParams,
  AggregateRow,
  BindingError,
  GroupName,
  MeasureName,
} from '../index.js'
import { type RowsExtras, type UseSearchOptions, usePages } from './useSearch.js'

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
>(name: N, params: AggregateParams<N, M, G> = {}, options: UseSearchOptions = {}): UseAggregateResult<N, M, G> {
  return usePages<AggregateAnswer<AggregateRow<N, M, G>>>(name, 'aggregate', params, options)
}
