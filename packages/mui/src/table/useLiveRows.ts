import { type Theme, useTheme } from '@mui/material/styles'
import type { GridApiCommunity } from '@mui/x-data-grid/internals'
import { type RefObject, useEffect, useState } from 'react'
import type { TableRow } from './columns.js'

/** Up to so many changed rows are handed to the grid one by one; beyond it a new array is cheaper. */
const MAX_SINGLE_UPDATES = 20

const FLASH_MS = 1_200

interface Change {
  readonly row: TableRow
  readonly fields: readonly string[]
}

interface State {
  /** What the grid was last given as its `rows`. */
  readonly given: readonly TableRow[]
  /** What the grid shows, single updates included. */
  readonly shown: readonly TableRow[]
  readonly page: string
  readonly changes: readonly Change[]
  readonly isGiven: boolean
}

/**
 * Brings live rows into the grid at the least cost: rows that only changed are updated one by one (four cells instead
 * of all of them); where rows came, went or moved, the grid gets a new array. Returns what to give it as `rows`.
 */
export function useLiveRows(
  apiRef: RefObject<GridApiCommunity | null>,
  rows: readonly TableRow[],
  page: string,
  highlight: boolean,
): readonly TableRow[] {
  const [state, setState] = useState<State>({ given: rows, shown: rows, page, changes: [], isGiven: true })
  if (rows !== state.shown) setState(next(state, rows, page))
  const { changes, isGiven } = state
  const theme: Theme = useTheme()
  // With CSS variables, the colour of the scheme that is shown.
  const color = (theme.vars ?? theme).palette.warning.light
  useEffect(() => {
    if (!isGiven) for (const { row } of changes) apiRef.current?.updateRows([row])
    if (highlight && !prefersReducedMotion()) for (const change of changes) flash(apiRef.current, change, color)
  }, [apiRef, changes, isGiven, highlight, color])
  return state.given
}

function next(state: State, rows: readonly TableRow[], page: string): State {
  const isSamePage = page === state.page
  const changes = isSamePage ? changesBetween(state.shown, rows) : []
  const isInPlace = isSamePage && hasSameKeys(state.shown, rows) && changes.length <= MAX_SINGLE_UPDATES
  return { given: isInPlace ? state.given : rows, shown: rows, page, changes, isGiven: !isInPlace }
}

const hasSameKeys = (a: readonly TableRow[], b: readonly TableRow[]): boolean =>
  a.length === b.length && a.every((row, index) => row.id === b[index]?.id)

function changesBetween(old: readonly TableRow[], rows: readonly TableRow[]): Change[] {
  const before = new Map(old.map(row => [row.id, row]))
  return rows.flatMap(row => {
    const was = before.get(row.id)
    if (!was || was === row) return []
    return [{ row, fields: Object.keys(row).filter(name => row[name] !== was[name]) }]
  })
}

function flash(api: GridApiCommunity | null, { row, fields }: Change, color: string): void {
  for (const field of fields) {
    const cell = api?.getCellElement(row.id, field)
    cell?.animate?.([{ backgroundColor: color }, { backgroundColor: 'transparent' }], { duration: FLASH_MS })
  }
}

const prefersReducedMotion = (): boolean => globalThis.matchMedia?.('(prefers-reduced-motion: reduce)').matches ?? false
