import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { type BindingError, canonical, type EventIn, type EventName, type EventOut, parseEvent } from '../index.js'
import { useChannelsOf } from './context.js'
import { bareOf } from './named.js'
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
  /** Why the last `send` was refused, until the next one; else why the first params were. */
  readonly error: BindingError | null
  readonly isPending: boolean
  /** Something that was sent is not answered yet. */
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

/** What `send` has under way, of one event of one client. */
interface Sends {
  readonly owner: unknown
  readonly waiting: number
  readonly failure: unknown
}

const NO_SENDS: Sends = { owner: null, waiting: 0, failure: null }

/** Sends an event of a handler and holds what it answers, reflects, dispatches or broadcasts. */
export function useBind<E extends EventName>(event: E, options: UseBindOptions<E> = {}): UseBindResult<E> {
  const { params, passive = false, subscribe = true, onEvent } = options
  const channels = useChannelsOf(event)
  const queryClient = useQueryClient()
  const { client } = channels
  const bare = bareOf(event) as E
  const listener = useRef(onEvent)
  useEffect(() => {
    listener.current = onEvent
  }, [onEvent])
  const key = canonical(params ?? {})
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the value of `params`
  const query = useMemo(() => {
    const { stream, action } = parseEvent(event)
    return callQuery(channels, stream, action, params ?? {}) // with the name of its client in front, which is part of the key
  }, [channels, event, key])
  const { data, error, isPending, isFetching, refetch } = useQuery({ ...query, enabled: !passive })
  const [sends, setSends] = useState(NO_SENDS)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it stands for both
  const owner = useMemo(() => ({}), [client, event])
  const sent = sends.owner === owner ? sends : NO_SENDS

  const take = useCallback(
    (value: EventOut<E>) => {
      queryClient.setQueryData(query.queryKey, value)
      listener.current?.(value)
    },
    [queryClient, query],
  )
  useEffect(() => client.on(bare, take), [client, bare, take])
  useEffect(() => (subscribe ? client.subscribeStream(parseEvent(bare).stream) : undefined), [client, bare, subscribe])
  const send = useCallback(
    async (values?: EventIn<E>) => {
      const add = (waiting: number, failure: unknown = null) =>
        setSends(was => ({ owner, failure, waiting: waiting + (was.owner === owner ? was.waiting : 0) }))
      add(1)
      try {
        const reply = await client.call(bare, values)
        take(reply)
        add(-1)
        return reply
      } catch (failure) {
        add(-1, failure)
        throw failure
      }
    },
    [client, bare, owner, take],
  )
  const failure = (sent.failure ?? error) as BindingError | null
  const isWaiting = isFetching || sent.waiting > 0
  return {
    data: data as EventOut<E> | undefined,
    error: failure,
    isPending,
    isFetching: isWaiting,
    isError: failure !== null,
    fetching: isWaiting,
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
