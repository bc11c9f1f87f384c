'use client'

export { BindingTable, BindingTable as List, BindingTable as SearchTable } from './BindingTable.js'
export { type ColumnOptions, columnOf, columnsOf } from './columns.js'
export type { BindingTableProps, BulkAction, RowAction } from './props.js'
export type { TableRow } from './row.js'
export type { TableTexts } from './texts.js'
export { type TableQuery, type TableState, useTableState, useUrlState } from './useTableState.js'
