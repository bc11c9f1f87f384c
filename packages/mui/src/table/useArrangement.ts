import type { GridColumnVisibilityModel, GridDensity } from '@mui/x-data-grid'
import { useMemo, useState } from 'react'
import type { TableColumn } from './row.js'

/** How the columns of a table stand; the user's own choice, which a view can keep. */
export interface Arranged {
  readonly order: readonly string[]
  readonly hidden: Readonly<Record<string, boolean>>
  readonly density: GridDensity | null
}

/** An `Arranged` that can be changed. */
export interface Arrangement extends Arranged {
  readonly set: (change: Partial<Arranged>) => void
}

const NONE: Arranged = { order: [], hidden: {}, density: null }

/** The user's own arrangement of the columns. */
export function useArrangement(): Arrangement {
  const [arranged, setArranged] = useState(NONE)
  return useMemo(() => ({ ...arranged, set: change => setArranged(before => ({ ...before, ...change })) }), [arranged])
}

/** The columns in the order that the user wants; those that were not moved follow as they were. */
export function ordered(columns: readonly TableColumn[], order: readonly string[]): TableColumn[] {
  if (!order.length) return [...columns]
  const place = (column: TableColumn, index: number): number => {
    const found = order.indexOf(column.field)
    return found < 0 ? order.length + index : found
  }
  return columns
    .map((column, index) => [column, place(column, index)] as const)
    .sort(([, one], [, other]) => one - other)
    .map(([column]) => column)
}

/** Which columns are shown: as the application has it, and what the user has chosen over that. */
export const visibilityOf = (
  given: GridColumnVisibilityModel | undefined,
  hidden: Arranged['hidden'],
): GridColumnVisibilityModel => ({
  ...given,
  ...Object.fromEntries(Object.entries(hidden).map(([field, isHidden]) => [field, !isHidden])),
})
