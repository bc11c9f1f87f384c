import { CONFLICT_TEXTS, type ConflictTexts } from '../conflictTexts.js'

/** What a table says itself; names of fields and values come from the server, and the grid's own words from its `localeText`. */
export interface TableTexts {
  readonly none: (name: string) => string
  readonly noMatch: (name: string) => string
  readonly clearFilters: string
  readonly retry: string
  readonly offline: string
  readonly waiting: (count: number) => string
  readonly signedOut: string
  readonly reconnect: string
  readonly stale: string
  readonly pending: string
  readonly movedTo: (page: number) => string
  readonly moved: string
  readonly deleted: string
  readonly draft: (label: string, text: string) => string
  readonly discarded: string
  readonly left: string
  readonly refused: (reason: string) => string
  readonly copy: string
  readonly save: string
  readonly saveAnew: string
  readonly drop: string
  readonly restore: string
  readonly close: string
  readonly unshowable: string
  /** A part of the page could not be loaded. */
  readonly unloaded: string
  readonly toolbar: string
  readonly search: string
  readonly filters: string
  readonly filter: string
  readonly order: string
  readonly orderBy: string
  readonly thenBy: string
  readonly ascending: string
  readonly descending: string
  readonly removeOrder: (label: string) => string
  readonly columns: string
  readonly density: string
  readonly densities: Readonly<Record<'compact' | 'standard' | 'comfortable', string>>
  readonly moveUp: (label: string) => string
  readonly moveDown: (label: string) => string
  readonly views: string
  readonly viewName: string
  readonly saveView: string
  readonly removeView: (name: string) => string
  readonly export: string
  readonly exporting: (rows: number, count: number) => string
  readonly exportFailed: string
  readonly selected: (count: number) => string
  readonly select: (name: string) => string
  readonly changeSelected: string
  readonly deleteSelected: string
  readonly clearSelection: string
  readonly field: string
  readonly changeRows: (count: number) => string
  readonly removed: (count: number) => string
  readonly undo: string
  readonly bulkDone: (done: number, failed: number, reasons: string) => string
  readonly actions: string
  /** Somebody else edits a cell. */
  readonly editing: (who: string, label: string, row: string) => string
  readonly totals: string
  readonly measures: Readonly<Record<string, string>>
  readonly conflict: ConflictTexts
}

export const TABLE_TEXTS: TableTexts = {
  none: name => `No ${name} yet.`,
  noMatch: name => `No ${name} match.`,
  clearFilters: 'Clear filters',
  retry: 'Retry',
  offline: 'Offline. What you see may be old; changes wait until the connection is back.',
  waiting: count => (count === 1 ? '1 change waits.' : `${count} changes wait.`),
  signedOut: 'You are signed out. Sign in again to go on.',
  reconnect: 'Reconnect',
  stale: 'These are the rows of before; the new ones cannot be read yet.',
  pending: 'Not saved yet',
  movedTo: page => `The row you are editing has moved to page ${page}.`,
  moved: 'The row you are editing has left this page.',
  deleted: 'The row you are editing was deleted, or may no longer be seen.',
  draft: (label, text) => `Your change of ${label}: ${text}`,
  discarded: 'Change dropped.',
  left: 'A change was left unsaved here.',
  refused: reason => `A change could not be saved. ${reason}`,
  copy: 'Copy',
  save: 'Save',
  saveAnew: 'Save as new',
  drop: 'Drop',
  restore: 'Restore',
  close: 'Close',
  unshowable: 'This value cannot be shown',
  unloaded: 'This part of the page could not be loaded.',
  toolbar: 'Table',
  search: 'Search',
  filters: 'Filters',
  filter: 'Filter',
  order: 'Order',
  orderBy: 'Order by',
  thenBy: 'Then by',
  ascending: 'ascending',
  descending: 'descending',
  removeOrder: label => `Do not order by ${label}`,
  columns: 'Columns',
  density: 'Density',
  densities: { compact: 'Compact', standard: 'Standard', comfortable: 'Comfortable' },
  moveUp: label => `Move ${label} to the front`,
  moveDown: label => `Move ${label} to the back`,
  views: 'Views',
  viewName: 'Name of the view',
  saveView: 'Keep',
  removeView: name => `Delete the view ${name}`,
  export: 'CSV',
  exporting: (rows, count) => `${rows} of ${count} rows, stop`,
  exportFailed: 'CSV failed, again',
  selected: count => (count === 1 ? '1 row is selected' : `${count} rows are selected`),
  select: name => `Select ${name}`,
  changeSelected: 'Change',
  deleteSelected: 'Delete',
  clearSelection: 'Clear selection',
  field: 'Field',
  changeRows: count => (count === 1 ? 'Change 1 row' : `Change ${count} rows`),
  removed: count => (count === 1 ? '1 row is deleted.' : `${count} rows are deleted.`),
  undo: 'Undo',
  bulkDone: (done, failed, reasons) => (failed ? `${done} saved, ${failed} not: ${reasons}` : `${done} saved.`),
  actions: 'Actions',
  editing: (who, label, row) => `${who} is editing ${label} of ${row}`,
  totals: 'Totals',
  measures: { count: 'Rows', sum: 'Σ', avg: 'Ø', min: 'Min', max: 'Max' },
  conflict: CONFLICT_TEXTS,
}
