import { type Theme, useTheme } from '@mui/material/styles'
import type { GridApiCommunity } from '@mui/x-data-grid/internals'
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'
import type { TableRow } from './row.js'
import { useSame } from './useSame.js'

/** Up to so many changed rows are handed to the grid one by one; beyond it a new array is cheaper. */
const MAX_SINGLE_UPDATES = 20

/** Cells that flash at a time, whenever they began. More would say nothing, and each costs a repaint in every frame. */
const MAX_FLASHES = 12

const FLASH_MS = 1_200

/** It fades in steps that hardly show: each cell is painted twelve times, and not in every frame. */
const FLASH_STEPS = 'steps(12)'

/** What drawing changes may take before the next ones wait: half a frame. */
const QUICK_MS = 8

/** How many times as long as they took the next ones wait then: three quarters of the page's time are for what its user does. */
const REST = 3

interface Change {
  readonly row: TableRow
  readonly fields: readonly string[]
}

/** What decides about the flashing of changed cells. */
export interface Flashing {
  readonly isOn: boolean
  /** Whether this user has written the row a moment ago: nobody needs to be told of what they did themselves. */
  readonly isOwn: (id: TableRow['id']) => boolean
}

/** The rows of a grid. */
export interface LiveRows {
  /** Another array where the grid is to draw all of them anew. */
  readonly given: readonly TableRow[]
  /** `given` with the rows that were updated one by one since: what to give a grid that renders for another reason, which would go back else. */
  readonly now: () => readonly TableRow[]
}

/**
 * Brings live rows into the grid at the least cost, at most once a frame: rows that only changed are updated one by one (the cells of
 * one row instead of all); where rows came, went or moved, the grid gets a new array. Where that takes long, on a slow machine or with
 * hundreds of rows in the page, less often: scrolling and typing come first.
 */
export function useLiveRows(
  apiRef: RefObject<GridApiCommunity | null>,
  rows: readonly TableRow[],
  page: string,
  flashing: Flashing,
): LiveRows {
  const [state, setState] = useState({ given: rows, page })
  // Another page, or the first rows: at once.
  if (page !== state.page || (rows !== state.given && !(state.given.length && rows.length)))
    setState({ given: rows, page })
  const theme: Theme = useTheme()
  // With CSS variables, the colour of the scheme that is shown.
  const color = (theme.vars ?? theme).palette.warning.light
  /** What the grid shows, single updates included. */
  const shown = useRef({ given: state.given, rows: state.given })
  const latest = useRef({ rows, page, flashing, color })
  const frame = useRef<number | null>(null)
  const flushing = useRef<number>(0)
  const resting = useRef<ReturnType<typeof setTimeout> | null>(null)

  const flush = useCallback((): void => {
    frame.current = null
    const begin = performance.now()
    const { rows, page, flashing, color } = latest.current
    const { given, rows: before } = shown.current
    if (rows === before) return
    const changes = changesBetween(before, rows)
    const isFew = hasSameKeys(before, rows) && changes.length <= MAX_SINGLE_UPDATES
    // A grid that is not on the page (it is loaded, or cards are shown) will begin with the array.
    const isInPlace = isFew && !!apiRef.current?.rootElementRef?.current
    shown.current = { given: isInPlace ? given : rows, rows }
    if (isInPlace) update(apiRef.current, changes)
    else setState({ given: rows, page })
    // React draws what the grid has changed before the next task.
    resting.current = setTimeout(() => {
      const spentMs = performance.now() - begin
      resting.current = setTimeout(
        () => {
          resting.current = null
          if (latest.current.rows !== shown.current.rows) frame.current ??= requestAnimationFrame(flush)
        },
        spentMs > QUICK_MS ? spentMs * REST : 0,
      )
    })
    if (!flashing.isOn || prefersReducedMotion()) return
    const seen = changes.filter(({ row }) => !flashing.isOwn(row.id))
    const draw = (): void => flash(apiRef.current, seen, color)
    if (isInPlace) draw()
    else flushing.current = window.setTimeout(draw) // once React has drawn the new rows
  }, [apiRef])

  const { given } = state
  useEffect(() => {
    if (shown.current.given !== given) shown.current = { given, rows: given }
  }, [given])
  useEffect(() => {
    latest.current = { rows, page, flashing, color }
    const isAwaited = frame.current !== null || resting.current !== null
    if (rows !== shown.current.rows && !isAwaited) frame.current = requestAnimationFrame(flush)
  }, [rows, page, flashing, color, flush])
  useEffect(
    () => () => {
      if (frame.current !== null) cancelAnimationFrame(frame.current)
      frame.current = null
      clearTimeout(flushing.current)
      clearTimeout(resting.current ?? undefined)
      resting.current = null
    },
    [],
  )
  const now = useCallback(() => (shown.current.given === given ? shown.current.rows : given), [given])
  return useSame({ given, now })
}

/** The community edition takes one row a call. */
function update(api: GridApiCommunity | null, changes: readonly Change[]): void {
  if (api)
    together(api, () => {
      for (const { row } of changes) if (api.getRow(row.id)) api.updateRows([row])
    })
}

/**
 * Tells the parts of the grid once of all that `work` does to it. Each row that is updated changes the grid's state several times (rows,
 * order, filter, …), and each time every cell on the page compares what it shows: of 900 cells, that is most of what an update costs.
 */
function together({ store }: GridApiCommunity, work: () => void): void {
  const tell = store.update
  let all: Partial<GridApiCommunity['state']> = {}
  store.update = changes => {
    all = { ...all, ...changes }
  }
  try {
    work()
  } finally {
    store.update = tell
    store.update(all as GridApiCommunity['state'])
  }
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

/** How many cells flash in each grid. */
const flashing = new WeakMap<GridApiCommunity, number>()

function flash(api: GridApiCommunity | null, changes: readonly Change[], color: string): void {
  const cells = changes.flatMap(({ row, fields }) => fields.map(field => [row.id, field] as const))
  const running = (api && flashing.get(api)) ?? 0
  if (!api || running + cells.length > MAX_FLASHES) return
  for (const [id, field] of cells) {
    const cell = api.getRow(id) ? api.getCellElement(id, field) : null
    const animation = cell?.animate?.([{ backgroundColor: color }, { backgroundColor: 'transparent' }], {
      duration: FLASH_MS,
      easing: FLASH_STEPS,
    })
    if (!animation) continue
    flashing.set(api, (flashing.get(api) ?? 0) + 1)
    const end = (): void => void flashing.set(api, (flashing.get(api) ?? 1) - 1)
    animation.finished?.then(end, end)
  }
}

const prefersReducedMotion = (): boolean => globalThis.matchMedia?.('(prefers-reduced-motion: reduce)').matches ?? false
