import { BindingError, type BindingName } from '@channels-binding/core'
import { useChannels } from '@channels-binding/core/react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { RowId } from './row.js'

/** How long a deletion can be taken back, in milliseconds. */
const UNDO_MS = 6_000

/** Most rows of one message; the server's own limit may be lower, and then says so. */
const MAX_ROWS = 100

/** What came of a write of several rows. */
export interface BulkOutcome {
  readonly done: number
  readonly failed: readonly { readonly id: RowId; readonly reason: string }[]
}

/** What is done to several rows, and what can still be undone. */
export interface Bulk {
  readonly ids: readonly RowId[]
  readonly select: (ids: readonly RowId[]) => void
  /** Rows that are deleted unless it is undone in time. */
  readonly waiting: readonly RowId[]
  readonly remove: (ids: readonly RowId[]) => void
  readonly undo: () => void
  readonly update: (ids: readonly RowId[], values: Readonly<Record<string, unknown>>) => Promise<BulkOutcome>
  readonly outcome: BulkOutcome | null
  readonly dismiss: () => void
}

interface Waiting {
  readonly ids: readonly RowId[]
  readonly takeBack: readonly (() => void)[]
  readonly timer: ReturnType<typeof setTimeout>
}

/** Selected rows, over pages, and what is done to them. A deletion waits some seconds in which it can be undone. */
export function useBulk(binding: BindingName): Bulk {
  const { client, bridge } = useChannels()
  const [ids, select] = useState<readonly RowId[]>([])
  const [waiting, setWaiting] = useState<readonly RowId[]>([])
  const [outcome, setOutcome] = useState<BulkOutcome | null>(null)
  const held = useRef<Waiting | null>(null)
  const write = useCallback(
    (action: 'update' | 'delete', ids: readonly RowId[], values: object = {}) =>
      writeMany((event, data) => client.call(`${binding}.${event}` as never, data as never), action, ids, values),
    [client, binding],
  )
  /** Makes the deletion that waits. */
  const flush = useCallback((): void => {
    const now = held.current
    if (!now) return
    held.current = null
    clearTimeout(now.timer)
    setWaiting([])
    void write('delete', now.ids).then(made => {
      for (const back of now.takeBack) back()
      if (made.failed.length) setOutcome(made)
    })
  }, [write])
  const remove = useCallback(
    (ids: readonly RowId[]): void => {
      flush()
      if (!ids.length) return
      const takeBack = ids.map(id => bridge.overlay({ stream: binding, id, values: {}, fate: 'deleted' }))
      held.current = { ids, takeBack, timer: setTimeout(flush, UNDO_MS) }
      setWaiting(ids)
      select(before => before.filter(id => !ids.includes(id)))
    },
    [bridge, binding, flush],
  )
  const undo = useCallback((): void => {
    const now = held.current
    held.current = null
    clearTimeout(now?.timer)
    setWaiting([])
    for (const back of now?.takeBack ?? []) back()
  }, [])
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
  return useMemo(
    () => ({ ids, select, waiting, remove, undo, update, outcome, dismiss }),
    [ids, waiting, remove, undo, update, outcome, dismiss],
  )
}

type Ask = (action: string, data: unknown) => Promise<unknown>

interface Reply {
  readonly results?: readonly { readonly id: RowId; readonly success: boolean; readonly error?: { message?: string } }[]
}

/** Writes several rows in as few messages as the stream takes: many at a time, where its binding has `bulk`, else each by itself. */
export async function writeMany(
  ask: Ask,
  action: 'update' | 'delete',
  ids: readonly RowId[],
  values: object,
): Promise<BulkOutcome> {
  const failed: { id: RowId; reason: string }[] = []
  for (let from = 0; from < ids.length; from += MAX_ROWS) {
    const some = ids.slice(from, from + MAX_ROWS)
    try {
      const { results = [] } = (await ask(action, { ...values, ids: some })) as Reply
      for (const { id, success, error } of results) if (!success) failed.push({ id, reason: error?.message ?? '' })
    } catch (reason) {
      const error = BindingError.from(reason)
      if (error.fields?.ids) failed.push(...(await writeEach(ask, action, some, values)))
      else failed.push(...some.map(id => ({ id, reason: reasonOf(error) })))
    }
  }
  return { done: ids.length - failed.length, failed }
}

async function writeEach(
  ask: Ask,
  action: string,
  ids: readonly RowId[],
  values: object,
): Promise<BulkOutcome['failed']> {
  const made = await Promise.allSettled(ids.map(id => ask(action, { ...values, id })))
  return made.flatMap((each, index) =>
    each.status === 'rejected' ? [{ id: ids[index] as RowId, reason: reasonOf(BindingError.from(each.reason)) }] : [],
  )
}

function reasonOf(error: BindingError): string {
  const texts = Object.values(error.fields ?? {}).flatMap(list => list.map(each => each.message))
  return texts.join(' ') || error.message
}
