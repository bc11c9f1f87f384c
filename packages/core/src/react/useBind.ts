import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import { type BindingError, canonical, type EventIn, type EventName, type EventOut, parseEvent } from '../index.js'
import { useChannels } from './context.js'
import { callQuery } from './queries.js'

/** Options of `useBind`. */
export interface UseBindOptions<E extends EventName> {
  /** What is sent at the start. */
  readonly params?: EventIn<E>
  /** Only listens: nothing is sent at the start. @default false */
  readonly passive?: boolean
  /** Subscribes to the event's stream, so that what is dispatched there arrives. @default true */
  readonly subscribe?: boolean
  /** Called with each answer and push. */
  readonly onEvent?: (data: EventOut<E>) => void
}

/** What `useBind` returns. */
export interface UseBindResult<E extends EventName> {
  /** The last answer or push. */
  readonly data: EventOut<E> | undefined
  readonly error: BindingError | null
  readonly isPending: boolean
  readonly isFetching: boolean
  readonly isError: boolean
  /** Alias of `isFetching`. */
  readonly fetching: boolean
  /** Sends the event and resolves with the answer. */
  readonly send: (data?: EventIn<E>) => Promise<EventOut<E>>
  /** Alias of `send`. */
  readonly dispatch: (data?: EventIn<E>) => Promise<EventOut<E>>
  /** Sends the first params again. */
  readonly refresh: () => Promise<unknown>
}

/** Sends an event of a handler and holds what it answers, reflects, dispatches or broadcasts. */
export function useBind<E extends EventName>(event: E, options: UseBindOptions<E> = {}): UseBindResult<E> {
  const { params, passive = false, subscribe = true, onEvent } = options
  const channels = useChannels()
  const queryClient = useQueryClient()
  const { client } = channels
  const listener = useRef(onEvent)
  useEffect(() => {
    listener.current = onEvent
  }, [onEvent])
  const key = canonical(params ?? {})
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the value of `params`
  const query = useMemo(() => {
    const { stream, action } = parseEvent(event)
    return callQuery(channels, stream, action, params ?? {})
  }, [channels, event, key])
  const { data, error, isPending, isFetching, isError, refetch } = useQuery({ ...query, enabled: !passive })

  const take = useCallback(
    (value: EventOut<E>) => {
      queryClient.setQueryData(query.queryKey, value)
      listener.current?.(value)
    },
    [queryClient, query],
  )
  useEffect(() => client.on(event, take), [client, event, take])
  useEffect(
    () => (subscribe ? client.subscribeStream(parseEvent(event).stream) : undefined),
    [client, event, subscribe],
  )
  const send = useCallback(
    async (values?: EventIn<E>) => {
      const reply = await client.call(event, values)
      take(reply)
      return reply
    },
    [client, event, take],
  )
  return {
    data: data as EventOut<E> | undefined,
    error: error as BindingError | null,
    isPending,
    isFetching,
    isError,
    fetching: isFetching,
    send,
    dispatch: send,
    refresh: refetch,
  }
}

/** As `useBind`, but only listens. */
export function usePassiveBind<E extends EventName>(
  event: E,
  options: Omit<UseBindOptions<E>, 'passive' | 'params'> = {},
): UseBindResult<E> {
  return useBind(event, { ...options, passive: true })
}
