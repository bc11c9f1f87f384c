'use client'

export { LiveBridge, type LiveMode } from './bridge.js'
export { Bind, Delete, type Drawn, Form, List, Retrieve, Save, Search } from './components.js'
export {
  type Channels,
  ChannelsProvider,
  type ChannelsProviderProps,
  type NamedClients,
  useChannels,
} from './context.js'
export {
  aggregateOptions,
  deleteOptions,
  describeOptions,
  formOptions,
  listOptions,
  type MutationOptionsOf,
  type QueryOptionsOf,
  type Reading,
  retrieveOptions,
  saveOptions,
  searchOptions,
} from './factories.js'
export type { Held } from './held.js'
export { useDebounced, useDebouncedState, useToggle } from './helpers.js'
export { keys as queryKeys, type LiveExtras, type ReadOptions } from './queries.js'
export { type UseAggregateResult, useAggregate } from './useAggregate.js'
export { type UseBindOptions, type UseBindResult, useBind, useBind as useAutoBind, usePassiveBind } from './useBind.js'
export { type UseConnectionResult, useConnection, useConnection as useConsumer } from './useConnection.js'
export { type UseFormOptions, type UseFormResult, useForm, useForm as useBindingForm } from './useForm.js'
export {
  type InfinitePages,
  type InfiniteSearchParams,
  type UseInfiniteSearchResult,
  useInfiniteSearch,
  useSuspenseInfiniteSearch,
} from './useInfiniteSearch.js'
export { type InstanceExtras, useInstance } from './useInstance.js'
export { type UsePendingResult, usePending } from './usePending.js'
export { type UseRetrieveOptions, type UseRetrieveResult, useDescribe, useRetrieve } from './useRetrieve.js'
export {
  type UseDeleteOptions,
  type UseDeleteResult,
  type UseSaveOptions,
  type UseSaveResult,
  useDelete,
  useSave,
  type WriteConflict,
  type WriteExtras,
  type WriteOptions,
} from './useSave.js'
export {
  type RowsExtras,
  type UseListResult,
  type UseSearchOptions,
  type UseSearchResult,
  type UseSuspenseSearchResult,
  useList,
  useSearch,
  useSuspenseSearch,
} from './useSearch.js'
