import type { Description } from '@channels-binding/core'
import type { GridApiCommunity } from '@mui/x-data-grid/internals'
import { createContext, type RefObject } from 'react'
import type { BulkAction } from './props.js'
import type { TableColumn } from './row.js'
import type { TableTexts } from './texts.js'
import type { Arrangement } from './useArrangement.js'
import type { Bulk } from './useBulk.js'
import type { TableState } from './useTableState.js'

/** What the toolbar and the menus of a table know of it. */
export interface TableWorld {
  readonly binding: string
  readonly description: Description | undefined
  readonly state: TableState
  /** Parameters of the search that is shown. */
  readonly params: object
  readonly count: number
  readonly columns: readonly TableColumn[]
  readonly apiRef: RefObject<GridApiCommunity | null>
  readonly arrangement: Arrangement
  /** Which columns are shown, where that is said of them. */
  readonly visibility: Readonly<Record<string, boolean>>
  readonly bulk: Bulk
  /** Whether the user may search: not where the application has a field for that. */
  readonly isSearched: boolean
  /** Which filters the toolbar offers; `undefined` for all. */
  readonly filterNames: readonly string[] | undefined
  readonly bulkActions: readonly BulkAction[]
  /** The name under which views are kept; none where they are not. */
  readonly views: string | null
  readonly texts: TableTexts
}

/** A context, so that toolbar and menus stay one component each. */
export const TableContext: React.Context<TableWorld | null> = createContext<TableWorld | null>(null)
