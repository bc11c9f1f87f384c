import type { DescribedField } from '@channels-binding/core'
import type { GridColDef, GridRenderEditCellParams } from '@mui/x-data-grid'

/** A row of a table. */
export type TableRow = { readonly id: string | number; readonly [field: string]: unknown }

/** The key of a row. */
export type RowId = TableRow['id']

/** A column, with what the server says of its field. */
export type TableColumn = GridColDef<TableRow> & { readonly described?: DescribedField }

/** Parameters of a cell that is being edited. */
export type EditCellParams = GridRenderEditCellParams<TableRow>

/** The name of a cell. */
export const cellKey = (id: RowId, field: string): string => `${JSON.stringify(id)} ${field}`
