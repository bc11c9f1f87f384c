import type { Description } from '@channels-binding/core'
import Button from '@mui/material/Button'
import { GridActionsCellItem } from '@mui/x-data-grid'
import type { JSX } from 'react'
import type { RowAction } from './props.js'
import type { RowId, TableColumn, TableRow } from './row.js'
import type { TableTexts } from './texts.js'

/** What the actions of rows need. */
export interface ActionsContext {
  readonly actions: readonly (RowAction | 'delete')[]
  readonly description: Description | undefined
  readonly remove: (ids: readonly RowId[]) => void
  readonly texts: TableTexts
}

/** The actions that this user may do with a row. */
export function allowed(row: TableRow, { actions, description, remove, texts }: ActionsContext): RowAction[] {
  if (!description) return []
  return actions.flatMap((action): RowAction[] => {
    if (action !== 'delete') return (action.isAllowed?.(row, description) ?? true) ? [action] : []
    return description.can.delete ? [{ label: texts.deleteSelected, run: ({ id }) => remove([id]) }] : []
  })
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
      width: 40 + 48 * Math.min(actions.length, 3),
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

/** The same as buttons, for cards. */
export function ActionButtons({
  row,
  context,
}: {
  readonly row: TableRow
  readonly context: ActionsContext
}): JSX.Element {
  return (
    <>
      {allowed(row, context).map(({ label, icon, run }) => (
        <Button
          key={label}
          size="small"
          aria-label={label}
          onClick={() => run(row)}
          sx={{ minWidth: 44, minHeight: 44 }}
        >
          {icon ?? label}
        </Button>
      ))}
    </>
  )
}
