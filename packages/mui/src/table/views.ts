import type { Arranged } from './useArrangement.js'
import type { TableQuery } from './useTableState.js'

/** A table as somebody wants to see it again. */
export interface SavedView {
  readonly name: string
  readonly query: Omit<TableQuery, 'page'>
  readonly arranged: Arranged
}

const keyOf = (name: string): string => `channels-binding:views:${name}`

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Whether all is there that a table goes by: another version, or a user, may have left something else. */
const isView = (view: unknown): view is SavedView =>
  isObject(view) &&
  typeof view.name === 'string' &&
  isObject(view.query) &&
  isObject(view.query.filters) &&
  Array.isArray(view.query.order) &&
  isObject(view.arranged) &&
  isObject(view.arranged.hidden) &&
  Array.isArray(view.arranged.order)

/** The views that this browser keeps; none where it keeps nothing, or something else stands there. */
export function loadViews(name: string): SavedView[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(keyOf(name)) ?? '[]')
    return Array.isArray(found) ? found.filter(isView) : []
  } catch {
    return []
  }
}

/** Keeps them; `false` where the browser does not. */
export function saveViews(name: string, views: readonly SavedView[]): boolean {
  try {
    localStorage.setItem(keyOf(name), JSON.stringify(views))
    return true
  } catch {
    return false
  }
}
