import { type DataTag, type QueryFunctionContext, type QueryKey, queryOptions } from '@tanstack/react-query'
import type {
  AggregateAnswer,
  AggregatedName,
  AggregateParams,
  AggregateRow,
  BindingError,
  BindingName,
  ChannelsClient,
  DeleteReply,
  Description,
  FieldName,
  FormReply,
  GroupName,
  ListPage,
  ListParams,
  MeasureName,
  Pk,
  Row,
  SaveInput,
  SaveReply,
  SearchPage,
  SearchParams,
} from '../index.js'
import { Writes } from '../writes/index.js'
import type { LiveMode } from './bridge.js'
import { bareOf } from './named.js'
import { type BaseQuery, callQuery, keys, readQuery } from './queries.js'

/** The options of a query, for `useQuery`, `prefetchQuery`, loaders and whatever else takes them. */
export type QueryOptionsOf<T> = Omit<BaseQuery, 'queryKey' | 'queryFn'> & {
  readonly queryKey: DataTag<QueryKey, T, BindingError>
  readonly queryFn: (context: QueryFunctionContext<QueryKey>) => Promise<T>
}

/** The options of a mutation, for `useMutation`. */
export interface MutationOptionsOf<R, V> {
  readonly mutationKey: QueryKey
  readonly mutationFn: (values: V) => Promise<R>
  readonly networkMode: 'always'
}

/** How a read is made. */
export interface Reading {
  /** @default true */
  readonly live?: LiveMode | false
}

const typed = <T>(query: BaseQuery): QueryOptionsOf<T> => queryOptions(query as never) as unknown as QueryOptionsOf<T>

/** One page of a stream, as `useSearch` reads it: `queryClient.prefetchQuery(searchOptions(client, 'shop.Product', {page: 2}))`. */
export const searchOptions = <N extends BindingName>(
  client: ChannelsClient,
  name: N,
  params: SearchParams<N> = {},
  { live = true }: Reading = {},
): QueryOptionsOf<SearchPage<Row<N>>> => typed(readQuery({ client }, name, 'search', params, live))

/** Every row of a stream, as `useList` reads them. */
export const listOptions = <N extends BindingName>(
  client: ChannelsClient,
  name: N,
  params: ListParams<N> = {},
  { live = true }: Reading = {},
): QueryOptionsOf<ListPage<Row<N>>> => typed(readQuery({ client }, name, 'list', params, live))

/** Measures by groups, as `useAggregate` reads them. */
export const aggregateOptions = <
  N extends AggregatedName,
  const M extends MeasureName<N> = Extract<'count', MeasureName<N>>,
  const G extends GroupName<N> = never,
>(
  client: ChannelsClient,
  name: N,
  params: AggregateParams<N, M, G> = {},
  { live = true }: Reading = {},
): QueryOptionsOf<AggregateAnswer<AggregateRow<N, M, G>>> =>
  typed(readQuery({ client }, name, 'aggregate', params, live))

/** One row, as `useRetrieve` reads it. */
export const retrieveOptions = <N extends BindingName>(
  client: ChannelsClient,
  name: N,
  id: Pk<N>,
  { live = true, fields }: Reading & { readonly fields?: readonly FieldName<N>[] } = {},
): QueryOptionsOf<Row<N>> => typed(readQuery({ client }, name, 'retrieve', { id, ...(fields && { fields }) }, live))

/** What a user interface needs to know of a stream, as `useDescribe` reads it. */
export const describeOptions = (client: ChannelsClient, name: BindingName): QueryOptionsOf<Description> =>
  typed(callQuery({ client }, name, 'describe', {}))

/** The form of a row, or of a new one, as `useForm` reads it. */
export const formOptions = <N extends BindingName>(
  client: ChannelsClient,
  name: N,
  id: Pk<N> | null = null,
): QueryOptionsOf<FormReply<Row<N>>> => typed(callQuery({ client }, name, 'form', id === null ? {} : { id }))

/** Saves a row, as `useSave` does: once, in order, and over a lost connection. */
export const saveOptions = <N extends BindingName>(
  client: ChannelsClient,
  name: N,
): MutationOptionsOf<SaveReply<N>, SaveInput<N>> => ({
  mutationKey: [...keys.of(name), 'save'],
  mutationFn: input => {
    const { id = null, ...values } = input as { id?: Pk<N> } & Record<string, unknown>
    const write = { stream: bareOf(name), action: 'save' as const, id, values, isOptimistic: id !== null }
    return Writes.of(client).write(write) as Promise<SaveReply<N>>
  },
  networkMode: 'always',
})

/** Deletes a row by its id, as `useDelete` does. */
export const deleteOptions = <N extends BindingName>(
  client: ChannelsClient,
  name: N,
): MutationOptionsOf<DeleteReply<N>, Pk<N>> => ({
  mutationKey: [...keys.of(name), 'delete'],
  mutationFn: id => {
    const write = { stream: bareOf(name), action: 'delete' as const, id, isOptimistic: true }
    return Writes.of(client).write(write) as Promise<DeleteReply<N>>
  },
  networkMode: 'always',
})
