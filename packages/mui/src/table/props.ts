import type { BindingName, Description, FieldName, Filters, OrderBy, PresentName } from '@channels-binding/core'
import type { DataGridProps, GridColDef } from '@mui/x-data-grid'
import type { ComponentType, ReactElement } from 'react'
import type { RowId, TableRow } from './row.js'
import type { TableTexts } from './texts.js'
import type { TableState } from './useTableState.js'

/** What the table gives the grid itself. */
export type Managed =
  | 'rows'
  | 'columns'
  | 'rowCount'
  | 'paginationMode'
  | 'sortingMode'
  | 'filterMode'
  | 'paginationModel'
  | 'sortModel'
  | 'processRowUpdate'

/** What can be done with one row. */
export interface RowAction {
  readonly label: string
  readonly icon?: ReactElement
  /** Whether this user may do it with this row. @default always */
  readonly isAllowed?: (row: TableRow, description: Description) => boolean
  readonly run: (row: TableRow) => void
}

/** What can be done with several rows. */
export interface BulkAction {
  readonly label: string
  /** Whether this user may do it. @default always */
  readonly isAllowed?: (description: Description) => boolean
  /** Gets the keys; the selection ends once it has ended. */
  readonly run: (ids: readonly RowId[]) => unknown
}

/** Props of `BindingTable`; every other prop goes to the Data Grid. */
export interface BindingTableProps<N extends BindingName> extends Omit<DataGridProps<TableRow>, Managed> {
  /** The stream. */
  readonly binding: N
  /** Field names, or columns of the grid's own kind, laid over what the server says of the field. @default every field */
  readonly columns?: readonly (FieldName<N> | GridColDef<TableRow>)[]
  /** Fields that are in the rows beside those of the columns, for cells that show more than their own. */
  readonly fields?: readonly FieldName<N>[]
  /** Filters that always hold, whatever the user chooses. */
  readonly filters?: Partial<Filters<N>>
  /** What is searched for, where the application has the search bar; the toolbar has none then. */
  readonly query?: string
  /** The order to begin with; where `state` is given, it begins as that does: `useUrlState({ order: ['-price'] })`. */
  readonly order?: OrderBy<N> | readonly OrderBy<N>[]
  /** Rows a page to begin with; at most 100. @default 25 */
  readonly pageSize?: number
  /** What is asked for, where the application keeps it: `useUrlState()` has it in the address. @default kept by the table */
  readonly state?: TableState
  /** Lets cells be edited that the server lets this user change. @default false */
  readonly editable?: boolean
  /** Lets cells flash that somebody else changed; never where the user prefers reduced motion. @default true */
  readonly highlightChanges?: boolean
  /**
   * The room in which users of this table see who else is editing which cell: the stream of a `PresenceBinding`, and behind a colon the name
   * of one of its rooms. Who edits is there for as long, and is seen by all who are in it. @default none
   */
  readonly presence?: PresentName | `${PresentName}:${string}`
  /** Search, filters, order, columns, density and CSV above the rows. @default false */
  readonly toolbar?: boolean
  /** Which filters the toolbar offers, in which order. @default all that the stream declares */
  readonly filterNames?: readonly (keyof Filters<N> & string)[]
  /** The name under which this browser keeps views of the table; needs the toolbar. */
  readonly views?: string
  /** Lets rows be selected, over pages, to be changed and deleted together; needs the toolbar. @default false */
  readonly selection?: boolean
  /** What else can be done with selected rows. */
  readonly bulkActions?: readonly BulkAction[]
  /** What can be done with one row; `'delete'` asks nothing, and can be undone for some seconds. */
  readonly rowActions?: readonly (RowAction | 'delete')[]
  /** Measures over all rows of the query, below them: `['count', 'sum:price']`, where the stream offers them. */
  readonly totals?: readonly string[]
  /** Shows rows as cards; by itself on screens narrower than the theme's `sm` with `'phone'`. @default false */
  readonly cards?: boolean | 'phone'
  /** What a click on a card's heading does. */
  readonly onOpen?: (row: TableRow) => void
  /** The grid itself, such as `DataGridPro` for who has it. @default DataGrid */
  readonly grid?: ComponentType<DataGridProps<TableRow>>
  /** What the table says, in another language. */
  readonly texts?: Partial<TableTexts>
}
