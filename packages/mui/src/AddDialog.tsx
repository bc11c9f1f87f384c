import type { BindingName, Row } from '@channels-binding/core'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { type ComponentType, type JSX, useId } from 'react'
import type { BindingFormProps } from './form/props.js'
import { Modal } from './Modal.js'

/** A form of any stream. */
export type FormOfAny = ComponentType<BindingFormProps<BindingName>>

interface AddDialogProps extends Pick<BindingFormProps<BindingName>, 'binding' | 'initial'> {
  readonly form: FormOfAny
  readonly title: string
  readonly onClose: () => void
  readonly onAdd: (row: Row<BindingName>) => void
}

const SLOTS = { content: DialogContent, actions: DialogActions }

/** Adds a row that was missing where one is chosen. */
export default function AddDialog({ form: Form, title, onClose, onAdd, ...props }: AddDialogProps): JSX.Element {
  const titleId = useId()
  return (
    <Modal open onClose={onClose} titleId={titleId}>
      <DialogTitle id={titleId}>{title}</DialogTitle>
      <Form
        {...props}
        label={title}
        slots={SLOTS}
        onCancel={onClose}
        onSuccess={row => {
          onAdd(row)
          onClose()
        }}
      />
    </Modal>
  )
}
