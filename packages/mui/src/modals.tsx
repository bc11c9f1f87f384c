import type { BindingName, Pk } from '@channels-binding/core'
import { useDelete, useDescribe } from '@channels-binding/core/react'
import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog, { type DialogProps } from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogContentText from '@mui/material/DialogContentText'
import DialogTitle from '@mui/material/DialogTitle'
import { type JSX, type ReactNode, useId } from 'react'
import { BindingForm, type BindingFormProps } from './form/BindingForm.js'

/** What every dialog has. */
export interface ModalProps {
  readonly open: boolean
  readonly onClose: () => void
  /** @default what is done, and the stream's label */
  readonly title?: ReactNode
  /** @default 'sm' */
  readonly maxWidth?: DialogProps['maxWidth']
}

/** Props of `FormModal`. */
export interface FormModalProps<N extends BindingName>
  extends ModalProps,
    Omit<BindingFormProps<N>, 'slots' | 'onCancel' | 'label'> {}

const FORM_SLOTS = { content: DialogContent, actions: DialogActions }

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** A form in a dialog, which closes when the form is saved. */
export function FormModal<N extends BindingName>(props: FormModalProps<N>): JSX.Element {
  const { open, onClose, title, maxWidth = 'sm', onSuccess, ...form } = props
  const titleId = useId()
  const { data: description } = useDescribe(props.binding, { enabled: open })
  const what = description?.label ?? props.binding
  const verb = props.id === null || props.id === undefined ? 'Add' : 'Change'
  return (
    <Dialog open={open} onClose={onClose} fullWidth maxWidth={maxWidth} aria-labelledby={titleId}>
      <DialogTitle id={titleId}>{title ?? `${verb} ${what}`}</DialogTitle>
      <BindingForm<N>
        {...(form as BindingFormProps<N>)}
        label={capitalized(what)}
        slots={FORM_SLOTS}
        onCancel={onClose}
        onSuccess={object => {
          onSuccess?.(object)
          onClose()
        }}
      />
    </Dialog>
  )
}

/** A dialog that adds a row. */
export function CreateModal<N extends BindingName>(props: Omit<FormModalProps<N>, 'id'>): JSX.Element {
  return <FormModal<N> {...(props as FormModalProps<N>)} id={null} />
}

/** A dialog that changes a row. */
export function UpdateModal<N extends BindingName>(props: FormModalProps<N> & { readonly id: Pk<N> }): JSX.Element {
  return <FormModal<N> {...props} />
}

/** Props of `DeleteModal`. */
export interface DeleteModalProps<N extends BindingName> extends ModalProps {
  readonly binding: N
  readonly id: Pk<N>
  /** What the row is called in the question. @default `#id` */
  readonly name?: string
  readonly onSuccess?: (id: Pk<N>) => void
}

/** A dialog that deletes a row, once it was asked. */
export function DeleteModal<N extends BindingName>(props: DeleteModalProps<N>): JSX.Element {
  const { binding, id, open, onClose, title, maxWidth = 'xs', name = `#${id}`, onSuccess } = props
  const titleId = useId()
  const { data: description } = useDescribe(binding, { enabled: open })
  const { mutate, isPending, error, reset } = useDelete(binding, {
    onSuccess: () => {
      onSuccess?.(id)
      onClose()
    },
  })
  const close = (): void => {
    reset()
    onClose()
  }
  return (
    <Dialog open={open} onClose={close} fullWidth maxWidth={maxWidth} aria-labelledby={titleId}>
      <DialogTitle id={titleId}>{title ?? `Delete ${description?.label ?? binding}`}</DialogTitle>
      <DialogContent>
        {error && <Alert severity="error">{error.message}</Alert>}
        <DialogContentText>Delete {name}? This cannot be undone.</DialogContentText>
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>Cancel</Button>
        <Button color="error" variant="contained" loading={isPending} onClick={() => mutate(id)}>
          Delete
        </Button>
      </DialogActions>
    </Dialog>
  )
}
