import {
  BindingError,
  type BindingName,
  type ChannelsClient,
  canonical,
  type Description,
} from '@channels-binding/core'
import { newKey, Writes } from '@channels-binding/core/writes'
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useStream } from '../stream.js'
import type { RowId } from './row.js'

type Values = Readonly<Record<string, unknown>>

/** How long a deletion can be taken back, in milliseconds. */
export const UNDO_MS = 6_000

/** What came of a write of several rows. */
export interface BulkOutcome {
  readonly done: number
  readonly failed: readonly { readonly id: RowId; readonly reason: string }[]
}

/** What is done to several rows, and what can still be undone. */
export interface Bulk {
  readonly ids: readonly RowId[]
  readonly select: (ids: readonly RowId[]) => void
  /** Takes a row out of the selection that is there no more. */
  readonly forget: (id: RowId) => void
  /** Rows that are deleted unless it is undone in time. */
  readonly waiting: readonly RowId[]
  /** These, and those whose deletion is on its way or was made a moment ago. */
  readonly gone: readonly RowId[]
  readonly remove: (ids: readonly RowId[]) => void
  readonly undo: () => void
  readonly update: (ids: readonly RowId[], values: Readonly<Record<string, unknown>>) => Promise<BulkOutcome>
  readonly outcome: BulkOutcome | null
  readonly dismiss: () => void
}

/** How long a row that was deleted is not shown, in milliseconds: a busy server may say so before its lists do. */
export const SETTLED_MS = 2_000

interface Waiting {
  readonly ids: readonly RowId[]
  /** What shows each of them again. */
  readonly takeBack: ReadonlyMap<RowId, (isMade?: boolean) => void>
  readonly timer: ReturnType<typeof setTimeout>
}

/** What decides which rows a search is of, on all of its pages. */
const querying = (params: unknown): string => {
  const { filters = {}, query = '', params: own = {} } = (params ?? {}) as Values
  return canonical([filters, query, own])
}

/**
 * Selected rows, over pages, and what is done to them. A deletion waits some seconds in which it can be undone.
 *
 * @param asked the parameters of the search that is shown
 */
export function useBulk(
  binding: BindingName,
  description: Description | undefined,
  asked: RefObject<unknown> = NOTHING_ASKED,
): Bulk {
  const { client, bridge, stream } = useStream(binding)
  const [ids, setIds] = useState<readonly RowId[]>([])
  /** Among the rows of which query each was selected. */
  const found = useRef(new Map<RowId, string>())
  const select = useCallback(
    (ids: readonly RowId[]): void => {
      const now = querying(asked.current)
      found.current = new Map(ids.map(id => [id, found.current.get(id) ?? now]))
      setIds(ids)
    },
    [asked],
  )
  const [waiting, setWaiting] = useState<readonly RowId[]>([])
  const [gone, setGone] = useState<readonly RowId[]>([])
  const [outcome, setOutcome] = useState<BulkOutcome | null>(null)
  const held = useRef<Waiting | null>(null)
  const max = description?.bulk?.max ?? 1
  const write = useCallback(
    (action: 'update' | 'delete', ids: readonly RowId[], values: Values = {}) =>
      writeMany(waysOf(client, stream, action, values), ids, max),
    [client, stream, max],
  )
  /** Shows again what the server has; what was deleted, it has not. */
  const show = useCallback(({ takeBack }: Waiting, ids: readonly RowId[], isMade = false): void => {
    for (const id of ids) takeBack.get(id)?.(isMade)
    setGone(before => before.filter(id => !ids.includes(id)))
  }, [])
  /** Makes the deletion that waits. */
  const flush = useCallback((): void => {
    const now = held.current
    if (!now) return
    held.current = null
    clearTimeout(now.timer)
    setWaiting([])
    void write('delete', now.ids).then(made => {
      const failed = made.failed.map(({ id }) => id)
      show(now, failed)
      const deleted = now.ids.filter(id => !failed.includes(id))
      setTimeout(() => show(now, deleted, true), SETTLED_MS)
      if (made.failed.length) setOutcome(made)
    })
  }, [write, show])
  const remove = useCallback(
    (ids: readonly RowId[]): void => {
      flush()
      if (!ids.length) return
      const now = querying(asked.current)
      const takeBack = new Map<RowId, (isMade?: boolean) => void>()
      held.current = { ids, takeBack, timer: setTimeout(flush, UNDO_MS) }
      for (const id of ids) {
        const query = found.current.get(id) ?? now
        // The server counts it until it is told.
        const isCounted = (params: unknown): boolean =>
          held.current?.takeBack === takeBack && querying(params) === query
        takeBack.set(id, bridge.overlay({ stream, id, values: {}, fate: 'deleted', isCounted }))
      }
      setWaiting(ids)
      setGone(before => [...before, ...ids])
      setIds(before => before.filter(id => !ids.includes(id)))
    },
    [bridge, stream, flush, asked],
  )
  const undo = useCallback((): void => {
    const now = held.current
    held.current = null
    clearTimeout(now?.timer)
    setWaiting([])
    if (now) show(now, now.ids)
  }, [show])
  const update = useCallback(
    async (ids: readonly RowId[], values: Readonly<Record<string, unknown>>): Promise<BulkOutcome> => {
      const made = await write('update', ids, values)
      setOutcome(made)
      return made
    },
    [write],
  )
  // Who leaves has decided.
  useEffect(() => {
    window.addEventListener('pagehide', flush)
    return () => {
      window.removeEventListener('pagehide', flush)
      flush()
    }
  }, [flush])
  const dismiss = useCallback(() => setOutcome(null), [])
  const forget = useCallback((gone: RowId) => setIds(before => before.filter(id => id !== gone)), [])
  return useMemo(
    () => ({ ids, select, forget, waiting, gone, remove, undo, update, outcome, dismiss }),
    [ids, select, forget, waiting, gone, remove, undo, update, outcome, dismiss],
  )
}

const NOTHING_ASKED: RefObject<unknown> = { current: null }

/** How many rows there are: no more than were shown last, while the server may still count some that were deleted. */
export function useCount(count: number, isSettling: boolean): number {
  const [shown, setShown] = useState(count)
  const now = isSettling ? Math.min(shown, count) : count
  if (now !== shown) setShown(now)
  return now
}

/** How several rows are written, and how one is; each message once, however often it is sent. */
export interface Ways {
  readonly several: (ids: readonly RowId[]) => Promise<unknown>
  readonly one: (id: RowId) => Promise<unknown>
}

function waysOf(client: ChannelsClient, stream: BindingName, action: 'update' | 'delete', values: Values): Ways {
  return {
    several: ids => client.call(`${stream}.${action}` as never, { ...values, ids } as never, { key: newKey() }),
    one: id => Writes.of(client).write({ stream, action, id, values, isOptimistic: false }),
  }
}

interface Reply {
  readonly results?: readonly { readonly id: RowId; readonly success: boolean; readonly error?: { message?: string } }[]
}

/** Where each row is a message of its own, so many are on their way at a time. */
const AT_A_TIME = 20

/** Writes several rows in as few messages as the stream takes: `max` at a time, else each by itself. */
export async function writeMany({ several, one }: Ways, ids: readonly RowId[], max: number): Promise<BulkOutcome> {
  const failed: { id: RowId; reason: string }[] = []
  const size = max > 1 ? max : AT_A_TIME
  for (let from = 0; from < ids.length; from += size) {
    const some = ids.slice(from, from + size)
    failed.push(...(await (max > 1 ? together(several, some) : eachAlone(one, some))))
  }
  return { done: ids.length - failed.length, failed }
}

async function together(several: Ways['several'], ids: readonly RowId[]): Promise<BulkOutcome['failed']> {
  try {
    const { results = [] } = (await several(ids)) as Reply
    return results.flatMap(({ id, success, error }) => (success ? [] : [{ id, reason: error?.message ?? '' }]))
  } catch (reason) {
    const text = reasonOf(BindingError.from(reason))
    return ids.map(id => ({ id, reason: text }))
  }
}

async function eachAlone(one: Ways['one'], ids: readonly RowId[]): Promise<BulkOutcome['failed']> {
  const made = await Promise.allSettled(ids.map(one))
  return made.flatMap((each, index) =>
    each.status === 'rejected' ? [{ id: ids[index] as RowId, reason: reasonOf(BindingError.from(each.reason)) }] : [],
  )
}

function reasonOf(error: BindingError): string {
  const texts = Object.values(error.fields ?? {}).flatMap(list => list.map(each => each.message))
  return texts.join(' ') || error.message
}
