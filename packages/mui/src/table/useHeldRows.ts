import type { BindingName, SearchParams } from '@channels-binding/core'
import { useRetrieve } from '@channels-binding/core/react'
import { useEffect, useState } from 'react'
import { useStream } from '../stream.js'
import type { RowId, TableRow } from './row.js'
import type { Edit } from './useEdits.js'

interface Place {
  readonly row: TableRow
  readonly index: number
}

interface Held {
  /** The page with the rows that are held on it. */
  readonly rows: readonly TableRow[]
  /** The rows that are there only because they are being edited. */
  readonly ids: readonly RowId[]
}

interface State extends Held {
  readonly live: readonly TableRow[]
  readonly list: readonly Edit[]
  readonly places: ReadonlyMap<RowId, Place>
}

const NO_IDS: readonly RowId[] = []

/** Holds the rows that are being edited on the page, where they last stood: a draft does not vanish with its row. */
export function useHeldRows(live: readonly TableRow[], list: readonly Edit[]): Held {
  const [state, setState] = useState<State>({ live, list, rows: live, ids: NO_IDS, places: new Map() })
  if (live !== state.live || list !== state.list) {
    const places = placesOf(live, list, state)
    setState({ live, list, places, ...withHeld(live, places) })
  }
  return state
}

function placesOf(live: readonly TableRow[], list: readonly Edit[], before: State): ReadonlyMap<RowId, Place> {
  return new Map(
    list.map(({ id, base }) => {
      const index = live.findIndex(row => row.id === id)
      const row = live[index]
      return [id, row ? { row, index } : (before.places.get(id) ?? lastOf(before.rows, id) ?? { row: base, index: 0 })]
    }),
  )
}

function lastOf(rows: readonly TableRow[], id: RowId): Place | null {
  const index = rows.findIndex(row => row.id === id)
  const row = rows[index]
  return row ? { row, index } : null
}

function withHeld(live: readonly TableRow[], places: ReadonlyMap<RowId, Place>): Held {
  const shown = new Set(live.map(row => row.id))
  const missing = [...places].filter(([id]) => !shown.has(id)).sort(([, one], [, other]) => one.index - other.index)
  if (!missing.length) return { rows: live, ids: NO_IDS }
  const rows = [...live]
  for (const [, { row, index }] of missing) rows.splice(Math.min(index, rows.length), 0, row)
  return { rows, ids: missing.map(([id]) => id) }
}

/** Where a row is that has left the page. */
export type Whereabouts = 'unknown' | 'deleted' | 'elsewhere' | number

/** Whether a row that is held was deleted, or to which page beside this one it has moved. */
export function useWhereabouts<N extends BindingName>(
  binding: N,
  id: RowId,
  params: SearchParams<N>,
  isMoving: unknown,
): Whereabouts {
  const { client, stream } = useStream(binding)
  const { isGone, error, data } = useRetrieve(binding, id as never)
  const isDeleted = isGone || error?.code === 'not_found'
  const [page, setPage] = useState<Whereabouts>('unknown')
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when the rows of the page have changed
  useEffect(() => {
    let isOver = false
    const { page: here = 1 } = params
    const read = async (number: number): Promise<boolean> => {
      const asked = { ...params, page: number, labels: false, live: false }
      const { rows } = (await client.call(`${stream}.search` as never, asked as never)) as unknown as {
        rows: TableRow[]
      }
      return rows.some(row => row.id === id)
    }
    const look = async (): Promise<Whereabouts> => {
      for (const number of [here + 1, here - 1]) if (number > 0 && (await read(number))) return number
      return 'elsewhere'
    }
    const timer = setTimeout(() => {
      look().then(
        found => isOver || setPage(found),
        () => undefined,
      )
    }, LOOK_DELAY_MS)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [client, stream, id, isMoving])
  if (isDeleted) return 'deleted'
  return data === undefined ? 'unknown' : page
}

/** Pages change often while others write; who has moved is asked when they stand still. */
const LOOK_DELAY_MS = 300
