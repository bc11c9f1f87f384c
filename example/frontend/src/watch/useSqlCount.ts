import { useChannels, useConnection, useSearch } from '@channels-binding/core/react'
import { useEffect, useRef, useState } from 'react'

/** Whether the number on the screen is that of SQL. */
export interface Checked {
  /** Of the live list; `null` before its first answer. */
  readonly shown: number | null
  /** What SQL last said; `null` before it did. */
  readonly sql: number | null
  readonly verdict: 'asking' | 'equal' | 'different' | 'failed' | 'offline'
}

const EVERY_MS = 3_000
/** A change may be on its way while SQL counts it already: so long it has to arrive. */
const GRACE_MS = 1_000

/** The live list's count beside SQL's own, asked every three seconds and whenever the list's changes. */
export function useSqlCount(): Checked {
  const { client } = useChannels()
  const { isConnected } = useConnection()
  const { data } = useSearch('desk.Ticket', { limit: 1, fields: ['id'] })
  const shown = data?.count ?? null
  const now = useRef(shown)
  now.current = shown
  const [answer, setAnswer] = useState<{ sql: number | null; shown: number | null; isSecond: boolean } | null>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: another count is another question
  useEffect(() => {
    if (!isConnected) return
    let timer: ReturnType<typeof setTimeout>
    let isOver = false
    const ask = async (isSecond: boolean): Promise<void> => {
      const sql = await client.call('desk.check.tickets').then(
        ({ count }) => count,
        () => null,
      )
      if (isOver) return
      setAnswer({ sql, shown: now.current, isSecond })
      const differs = sql !== null && sql !== now.current
      timer = setTimeout(() => void ask(differs), differs ? GRACE_MS : EVERY_MS)
    }
    void ask(false)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [client, isConnected, shown])

  const sql = answer?.sql ?? null
  if (!isConnected) return { shown, sql, verdict: 'offline' }
  if (answer === null || shown === null) return { shown, sql, verdict: 'asking' }
  if (answer.sql === null) return { shown, sql, verdict: 'failed' }
  if (answer.sql === shown) return { shown, sql, verdict: 'equal' }
  return { shown, sql, verdict: answer.isSecond && answer.shown === shown ? 'different' : 'asking' }
}
