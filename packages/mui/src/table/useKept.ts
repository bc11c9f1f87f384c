import type { BindingError, BindingName, Labels } from '@channels-binding/core'
import type { UseSearchResult } from '@channels-binding/core/react'
import { useState } from 'react'

interface Page {
  readonly rows: readonly unknown[]
  readonly count: number
  readonly labels?: Labels | undefined
}

/** What a table shows. */
export interface Kept extends Page {
  /** Why there are no rows; `null` where there are, or may be soon. */
  readonly error: BindingError | null
  /** Whether the rows are those of the question before, until the new ones are there. */
  readonly isPlaceholder: boolean
  /** Whether they are those of the question before because the new ones cannot be read. */
  readonly isStale: boolean
}

const NONE: Page = { rows: [], count: 0 }

/** The rows of a search; while they cannot be read (offline, a server that is away), those that were there last. */
export function useKept<N extends BindingName>(binding: N, search: UseSearchResult<N>): Kept {
  const [last, setLast] = useState<{ binding: string; page: Page | undefined }>({ binding, page: undefined })
  const { data, error, isPlaceholderData } = search
  const page = data as unknown as Page | undefined
  if (binding !== last.binding || (page && page !== last.page && !isPlaceholderData)) setLast({ binding, page })
  const isAway = !page && (error?.retry ?? false) && last.binding === binding
  const shown = page ?? (isAway ? last.page : undefined)
  const isStale = isAway && shown !== undefined
  const { rows, count, labels } = shown ?? NONE
  return {
    rows,
    count: count ?? 0,
    labels,
    error: isStale ? null : error,
    isPlaceholder: isPlaceholderData || isStale,
    isStale,
  }
}
