'use client'

export { BindingTable, BindingTable as SearchTable, type BindingTableProps } from './BindingTable.js'
export { type ColumnOptions, columnOf, columnsOf, type TableRow } from './columns.js'
