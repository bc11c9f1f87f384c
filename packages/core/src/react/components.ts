import type { ReactNode } from 'react'
import type { BindingName, EventName, ListParams, Pk, SearchParams } from '../index.js'
import { type UseBindOptions, type UseBindResult, useBind } from './useBind.js'
import { type UseFormOptions, type UseFormResult, useForm } from './useForm.js'
import { type UseRetrieveOptions, type UseRetrieveResult, useRetrieve } from './useRetrieve.js'
import {
  type UseDeleteOptions,
  type UseDeleteResult,
  type UseSaveOptions,
  type UseSaveResult,
  useDelete,
  useSave,
} from './useSave.js'
import { type UseListResult, type UseSearchOptions, type UseSearchResult, useList, useSearch } from './useSearch.js'

/** Draws what a hook returns. */
export interface Drawn<R> {
  readonly children: (result: R) => ReactNode
}

/** `useSearch` as a component: `<Search binding="shop.Product">{({ rows }) => …}</Search>`. */
export function Search<N extends BindingName>({
  binding,
  params = {},
  options = {},
  children,
}: { binding: N; params?: SearchParams<N>; options?: UseSearchOptions } & Drawn<UseSearchResult<N>>): ReactNode {
  return children(useSearch(binding, params, options))
}

/** `useList` as a component. */
export function List<N extends BindingName>({
  binding,
  params = {},
  options = {},
  children,
}: { binding: N; params?: ListParams<N>; options?: UseSearchOptions } & Drawn<UseListResult<N>>): ReactNode {
  return children(useList(binding, params, options))
}

/** `useRetrieve` as a component. */
export function Retrieve<N extends BindingName>({
  binding,
  id,
  options = {},
  children,
}: { binding: N; id: Pk<N> | null; options?: UseRetrieveOptions<N, readonly []> } & Drawn<
  UseRetrieveResult<N>
>): ReactNode {
  return children(useRetrieve(binding, id, options))
}

/** `useForm` as a component. */
export function Form<N extends BindingName>({
  binding,
  children,
  ...options
}: { binding: N } & UseFormOptions<N> & Drawn<UseFormResult<N>>): ReactNode {
  return children(useForm(binding, options))
}

/** `useSave` as a component. */
export function Save<N extends BindingName>({
  binding,
  children,
  ...options
}: { binding: N } & UseSaveOptions<N> & Drawn<UseSaveResult<N>>): ReactNode {
  return children(useSave(binding, options))
}

/** `useDelete` as a component. */
export function Delete<N extends BindingName>({
  binding,
  children,
  ...options
}: { binding: N } & UseDeleteOptions<N> & Drawn<UseDeleteResult<N>>): ReactNode {
  return children(useDelete(binding, options))
}

/** `useBind` as a component. */
export function Bind<E extends EventName>({
  event,
  children,
  ...options
}: { event: E } & UseBindOptions<E> & Drawn<UseBindResult<E>>): ReactNode {
  return children(useBind(event, options))
}
