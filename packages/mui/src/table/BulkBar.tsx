import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import type { JSX } from 'react'
import { late } from '../late.js'
import type { TableWorld } from './context.js'
import { Dropdown } from './Dropdown.js'

const BulkForm = late(() => import('./BulkForm.js').then(found => found.default))

/** What can be done with the rows that are selected, on this page and on others. */
export function BulkBar({ world }: { readonly world: TableWorld }): JSX.Element {
  const { bulk, bulkActions, description, texts } = world
  const { ids } = bulk
  const can = description?.can
  return (
    <>
      <Typography role="status" sx={{ mr: 1 }}>
        {texts.selected(ids.length)}
      </Typography>
      {can?.update && (
        <Dropdown label={texts.changeSelected}>
          <BulkForm world={world} />
        </Dropdown>
      )}
      {can?.delete && (
        <Button size="small" color="error" onClick={() => bulk.remove(ids)}>
          {texts.deleteSelected}
        </Button>
      )}
      {bulkActions
        .filter(({ isAllowed }) => description && (isAllowed?.(description) ?? true))
        .map(({ label, run }) => (
          <Button key={label} size="small" onClick={() => void Promise.resolve(run(ids)).then(() => bulk.select([]))}>
            {label}
          </Button>
        ))}
      <Button size="small" color="inherit" onClick={() => bulk.select([])}>
        {texts.clearSelection}
      </Button>
    </>
  )
}
