import type { GridColDef } from '@mui/x-data-grid'
import { GridActionsCellItem } from '@mui/x-data-grid'
import { columnsOf as plainColumnsOf } from './columns.js'
import { booleanEditor, dateEditor, inputEditor, relationEditor, selectEditor, withError } from './editors.js'
import type { TableColumn, TableRow } from './row.js'
import { type ActionsContext, allowed } from './rowActions.js'

/** `columnsOf` for a Data Grid of one's own: with the editors of its cells. */
export const columnsOf = (...args: Parameters<typeof plainColumnsOf>): TableColumn[] =>
  plainColumnsOf(...args).map(withEditor)

/** The column with the editor of its cells, which shows why the server refused what was typed. */
export function withEditor(column: TableColumn): TableColumn {
  if (!column.editable) return column
  const editor = column.renderEditCell ?? editorOf(column)
  return { ...column, renderEditCell: withError(params => <>{editor(params)}</>) } as TableColumn
}

function editorOf(column: TableColumn): NonNullable<GridColDef<TableRow>['renderEditCell']> {
  if (column.described?.relation) return relationEditor
  if (column.type === 'singleSelect') return selectEditor
  if (column.type === 'boolean') return booleanEditor
  return column.type === 'date' || column.type === 'dateTime' ? dateEditor : inputEditor
}

/** The column of actions; none where there are none. */
export function actionsColumn(context: ActionsContext): TableColumn[] {
  const { actions, texts } = context
  if (!actions.length) return []
  return [
    {
      field: 'actions',
      type: 'actions',
      headerName: texts.actions,
      width: Math.max(88, 24 + 40 * Math.min(actions.length, 3)),
      getActions: ({ row }) =>
        allowed(row, context).map(({ label, icon, run }) => (
          <GridActionsCellItem
            key={label}
            label={label}
            icon={icon ?? <span />}
            showInMenu={!icon}
            onClick={() => run(row)}
          />
        )),
    } as TableColumn,
  ]
}
