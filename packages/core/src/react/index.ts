'use client'

export { LiveBridge } from './bridge.js'
export { type Channels, ChannelsProvider, type ChannelsProviderProps, useChannels } from './context.js'
export { useDebounced, useToggle } from './helpers.js'
export type { LiveExtras, ReadOptions } from './queries.js'
export { type UseBindOptions, type UseBindResult, useBind, usePassiveBind } from './useBind.js'
export { type UseConnectionResult, useConnection, useConnection as useConsumer } from './useConnection.js'
export { type UseFormOptions, type UseFormResult, useForm, useForm as useBindingForm } from './useForm.js'
export { type UseRetrieveOptions, type UseRetrieveResult, useDescribe, useRetrieve } from './useRetrieve.js'
export {
  type UseDeleteResult,
  type UseSaveOptions,
  type UseSaveResult,
  useDelete,
  useSave,
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
