import type { ConnectionState } from '@channels-binding/core'
import { useChannels } from '@channels-binding/core/react'
import { useEffect, useState } from 'react'

/** Something that happened to a connection. */
export interface Happened {
  readonly key: number
  readonly at: Date
  readonly text: string
  readonly isGood: boolean
}

const KEPT = 30
const WAYS = { ws: 'over a socket', http: 'over HTTP' }

/** What became of the connection since the page was opened, newest first. */
export function useHistory(): readonly Happened[] {
  const { client } = useChannels()
  const [history, setHistory] = useState<readonly Happened[]>([])
  useEffect(() => {
    let last = ''
    let lostAt: number | null = null
    const note = (text: string, isGood: boolean): void =>
      setHistory(before => [{ key: (before[0]?.key ?? 0) + 1, at: new Date(), text, isGood }, ...before].slice(0, KEPT))
    const look = (): void => {
      const { status, transport } = client.getState()
      const way = status === 'open' && transport ? transport : ''
      if (`${status} ${way}` === last) return
      last = `${status} ${way}`
      if (way) {
        const took = lostAt === null ? '' : `, after ${((performance.now() - lostAt) / 1000).toFixed(1)} s`
        note(`Live ${WAYS[way]}${took}`, true)
        lostAt = null
      } else if (status === 'reconnecting' || status === 'unauthorized') {
        lostAt ??= performance.now()
        note(lossOf(status), false)
      }
    }
    look()
    return client.onState(look)
  }, [client])
  return history
}

const lossOf = (status: ConnectionState['status']): string =>
  status === 'unauthorized' ? 'The server takes the token no more' : 'Connection lost'
