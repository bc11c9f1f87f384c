import type { BindingName } from '@channels-binding/core'
import { useRetrieve } from '@channels-binding/core/react'
import { type JSX, memo, type NamedExoticComponent, useEffect } from 'react'
import type { RowId, TableRow } from './row.js'

interface SelectedProps {
  readonly binding: BindingName
  readonly ids: readonly RowId[]
  /** The rows of the page, which are known to be there. */
  readonly rows: readonly TableRow[]
  readonly onGone: (id: RowId) => void
}

/**
 * Notices when a selected row is there no more: deleted, or no longer permitted. One that has only left the page (another page, another
 * filter) stays selected: each that is not on it is read by its key, live, and only that. Of more than fifty of them, the first are.
 */
export function Selected({ binding, ids, rows, onGone }: SelectedProps): JSX.Element | null {
  if (!ids.length) return null
  const shown = new Set(rows.map(row => row.id))
  return (
    <>
      {ids
        .filter(id => !shown.has(id))
        .slice(0, MAX_UNSEEN)
        .map(id => (
          <Unseen key={id} binding={binding} id={id} onGone={onGone} />
        ))}
    </>
  )
}

interface UnseenProps extends Pick<SelectedProps, 'binding' | 'onGone'> {
  readonly id: RowId
}

/** A live read for each; what a server lets a connection have is not for this alone. */
const MAX_UNSEEN = 50
const KEY_ONLY = { fields: [] } as const

const Unseen: NamedExoticComponent<UnseenProps> = memo(function Unseen({ binding, id, onGone }) {
  const { isGone, error } = useRetrieve(binding, id as never, KEY_ONLY)
  const isAway = isGone || error?.code === 'not_found' || error?.code === 'forbidden'
  useEffect(() => {
    if (isAway) onGone(id)
  }, [isAway, onGone, id])
  return null
})
