import type { Description } from '@channels-binding/core'
import Button from '@mui/material/Button'
import { createSvgIcon } from '@mui/material/utils'
import type { JSX } from 'react'
import type { RowAction } from './props.js'
import type { RowId, TableRow } from './row.js'
import type { TableTexts } from './texts.js'

const DeleteIcon = createSvgIcon(
  <path d="M6 19c0 1.1.9 2 2 2h8c1.1 0 2-.9 2-2V7H6v12zM19 4h-3.5l-1-1h-5l-1 1H5v2h14V4z" />,
  'Delete',
)

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
    return description.can.delete
      ? [{ label: texts.deleteSelected, icon: <DeleteIcon />, run: ({ id }) => remove([id]) }]
      : []
  })
}

/** The actions of a row as buttons, for cards. */
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
