'use client'

export { BindingTable, BindingTable as List, BindingTable as SearchTable } from './BindingTable.js'
export { type ColumnOptions, columnOf } from './columns.js'
export { columnsOf } from './gridColumns.js'
export type { BindingTableProps, BulkAction, RowAction } from './props.js'
export type { TableRow } from './row.js'
export type { TableTexts } from './texts.js'
export { type TableQuery, type TableState, useTableState, useUrlState } from './useTableState.js'
