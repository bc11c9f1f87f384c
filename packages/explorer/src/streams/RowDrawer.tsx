import type { Description } from '@channels-binding/core'
import { useForm, useRetrieve } from '@channels-binding/core/react'
import { BindingForm, DeleteModal } from '@channels-binding/mui'
import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Drawer from '@mui/material/Drawer'
import IconButton from '@mui/material/IconButton'
import Typography from '@mui/material/Typography'
import { type JSX, useId, useState } from 'react'
import { CloseIcon } from '../icons'
import type { OfferedStream } from '../server'
import { Code } from '../shell/Code'

/** What a row drawer shows. */
export interface RowDrawerProps {
  readonly offered: OfferedStream
  readonly description: Description
  /** The row; a new one, where it is `null`. */
  readonly id: string | number | null
  readonly open: boolean
  readonly onClose: () => void
}

/** A row: its form where this user may change it, and the row itself, live. */
export function RowDrawer(props: RowDrawerProps): JSX.Element {
  const titleId = useId()
  return (
    <Drawer
      anchor="right"
      open={props.open}
      onClose={props.onClose}
      slotProps={{
        paper: {
          role: 'dialog',
          'aria-modal': true,
          'aria-labelledby': titleId,
          sx: { width: { xs: '100%', sm: 480 }, display: 'flex', flexDirection: 'column' },
        } as object,
      }}
    >
      {props.open && <Opened {...props} titleId={titleId} />}
    </Drawer>
  )
}

function Opened(props: RowDrawerProps & { readonly titleId: string }): JSX.Element {
  const { offered, description, id, onClose, titleId } = props
  const { stream } = offered
  const [isDeleting, setDeleting] = useState(false)
  const names = new Set(offered.actions.map(({ name }) => name))
  const canEdit = names.has('form') && (id === null ? description.can.create : description.can.update)
  const { schema, error } = useForm(stream, { id, enabled: canEdit })
  // What stands below the form comes with it, so that the form does not push it down.
  const isFormThere = !canEdit || schema !== undefined || error !== null
  return (
    <>
      <Box sx={{ display: 'flex', alignItems: 'center', px: 2, py: 1, borderBottom: 1, borderColor: 'divider' }}>
        <Typography id={titleId} variant="h2" sx={{ flex: 1, overflowWrap: 'anywhere' }}>
          {id === null ? `New ${description.label}` : `${description.label} ${id}`}
        </Typography>
        {id !== null && description.can.delete && names.has('delete') && (
          <Button color="error" size="small" onClick={() => setDeleting(true)}>
            Delete
          </Button>
        )}
        <IconButton aria-label="Close" onClick={onClose}>
          <CloseIcon />
        </IconButton>
      </Box>
      <Box sx={{ flex: 1, minHeight: 0, overflowY: 'auto', p: 2, display: 'grid', gap: 2, alignContent: 'start' }}>
        {canEdit && (
          <BindingForm
            key={String(id)}
            binding={stream}
            id={id}
            label={description.label}
            onSuccess={() => id === null && onClose()}
          />
        )}
        {id !== null && names.has('retrieve') && isFormThere && <Row stream={stream} id={id} />}
      </Box>
      {id !== null && isDeleting && (
        <DeleteModal
          binding={stream}
          id={id}
          open={isDeleting}
          onClose={() => setDeleting(false)}
          onSuccess={onClose}
        />
      )}
    </>
  )
}

/** The row as the server sends it. */
function Row({ stream, id }: { readonly stream: string; readonly id: string | number }): JSX.Element {
  const { data, error, isGone } = useRetrieve(stream, id)
  return (
    <Box component="section" aria-label="The row, live">
      <Typography variant="h2" sx={{ mb: 1 }}>
        The row, live
      </Typography>
      {isGone ? (
        <Alert severity="warning">It was deleted, or may not be seen any more.</Alert>
      ) : error ? (
        <Alert severity="error">{error.message}</Alert>
      ) : (
        <Code label="JSON of the row">{data ? JSON.stringify(data, null, 2) : '…'}</Code>
      )}
    </Box>
  )
}
