import { type BindingName, canonical, type DescribedField, type Labels, type Pk } from '@channels-binding/core'
import { queryKeys, useDelete, useDescribe, useRetrieve } from '@channels-binding/core/react'
import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogContentText from '@mui/material/DialogContentText'
import DialogTitle from '@mui/material/DialogTitle'
import Skeleton from '@mui/material/Skeleton'
import Typography from '@mui/material/Typography'
import { useQuery } from '@tanstack/react-query'
import { type JSX, useId, useState } from 'react'
import { BindingForm } from './form/BindingForm.js'
import { FORM_TEXTS } from './form/formTexts.js'
import type { BindingFormProps } from './form/props.js'
import { useTexts } from './languages/texts.js'
import { Modal, type ModalProps } from './Modal.js'
import { MODAL_TEXTS, type ModalTexts } from './modalTexts.js'
import { useStream } from './stream.js'
import { plainText, relationText, textOf } from './text.js'

/** Props of `FormModal`. */
export interface FormModalProps<N extends BindingName>
  extends ModalProps,
    Omit<BindingFormProps<N>, 'slots' | 'onCancel' | 'label'> {
  /** What the dialog says, in another language. */
  readonly modalTexts?: Partial<ModalTexts>
}

const FORM_SLOTS = { content: DialogContent, actions: DialogActions }

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** A form in a dialog, which closes when the form is saved, and asks before it closes over what is not. */
export function FormModal<N extends BindingName>(props: FormModalProps<N>): JSX.Element {
  const { open, onClose, title, maxWidth = 'sm', variant, onSuccess, modalTexts, ...form } = props
  const titleId = useId()
  const { data: description } = useDescribe(props.binding, { enabled: open })
  const says = useTexts('modals', MODAL_TEXTS, modalTexts)
  const formSays = useTexts('form', FORM_TEXTS, form.texts)
  const [isDirty, setDirty] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const [isDiscarded, setDiscarded] = useState(false)
  const [wasOpen, setWasOpen] = useState(open)
  if (wasOpen !== open) {
    setWasOpen(open)
    if (open) setDiscarded(false)
  }
  const what = description?.label ?? props.binding
  const isNew = props.id === null || props.id === undefined
  const leave = (): void => {
    if (isDirty) return setAsking(true)
    onClose()
  }
  const discard = (): void => {
    setDiscarded(true)
    setAsking(false)
    setDirty(false)
    onClose()
  }
  return (
    <>
      <Modal open={open} onClose={leave} maxWidth={maxWidth} variant={variant} titleId={titleId}>
        <DialogTitle id={titleId}>{title ?? (isNew ? says.add(what) : says.change(what))}</DialogTitle>
        <BindingForm<N>
          {...(form as BindingFormProps<N>)}
          label={capitalized(what)}
          slots={FORM_SLOTS}
          onCancel={leave}
          onDirtyChange={dirty => {
            setDirty(dirty)
            form.onDirtyChange?.(dirty)
          }}
          keepDrafts={!isDiscarded && (form.keepDrafts ?? true)}
          onSuccess={object => {
            onSuccess?.(object)
            if (!form.autosave) onClose()
          }}
        />
      </Modal>
      {isAsking && <DiscardDialog texts={formSays} onDiscard={discard} onKeep={() => setAsking(false)} />}
    </>
  )
}

interface DiscardDialogProps {
  readonly texts: typeof FORM_TEXTS
  readonly onDiscard: () => void
  readonly onKeep: () => void
}

function DiscardDialog({ texts, onDiscard, onKeep }: DiscardDialogProps): JSX.Element {
  const titleId = useId()
  return (
    <Modal open onClose={onKeep} maxWidth="xs" titleId={titleId} variant="dialog">
      <DialogTitle id={titleId}>{texts.discardTitle}</DialogTitle>
      <DialogContent>
        <DialogContentText>{texts.discardText}</DialogContentText>
      </DialogContent>
      <DialogActions>
        <Button color="error" onClick={onDiscard}>
          {texts.discard}
        </Button>
        <Button variant="contained" autoFocus onClick={onKeep}>
          {texts.keepEditing}
        </Button>
      </DialogActions>
    </Modal>
  )
}

/** A dialog that adds a row. */
export function CreateModal<N extends BindingName>(props: Omit<FormModalProps<N>, 'id'>): JSX.Element {
  return <FormModal<N> {...(props as FormModalProps<N>)} id={null} />
}

/** A dialog that changes a row; it stays closed where there is none. */
export function UpdateModal<N extends BindingName>(
  props: FormModalProps<N> & { readonly id: Pk<N> | null },
): JSX.Element {
  return <FormModal<N> {...props} open={props.open && props.id !== null} />
}

/** Props of `DeleteModal`. */
export interface DeleteModalProps<N extends BindingName> extends ModalProps {
  readonly binding: N
  /** The row; it stays closed where there is none. */
  readonly id: Pk<N> | null
  /** What the row is called in the question. @default `#id` */
  readonly name?: string
  readonly onSuccess?: (id: Pk<N>) => void
  /** What the dialog says, in another language. */
  readonly modalTexts?: Partial<ModalTexts>
}

/** A dialog that deletes a row, once it was asked. */
export function DeleteModal<N extends BindingName>(props: DeleteModalProps<N>): JSX.Element {
  const { binding, id, onClose, title, maxWidth = 'xs', variant, name = `#${id}`, onSuccess, modalTexts } = props
  const open = props.open && id !== null
  const titleId = useId()
  const says = useTexts('modals', MODAL_TEXTS, modalTexts)
  const { data: description } = useDescribe(binding, { enabled: open })
  const { mutate, isPending, error, reset } = useDelete(binding, {
    onSuccess: () => {
      if (id !== null) onSuccess?.(id)
      onClose()
    },
  })
  const close = (): void => {
    reset()
    onClose()
  }
  return (
    <Modal open={open} onClose={close} maxWidth={maxWidth} variant={variant} titleId={titleId}>
      <DialogTitle id={titleId}>{title ?? says.deleteTitle(description?.label ?? binding)}</DialogTitle>
      <DialogContent>
        {error && <Alert severity="error">{error.message}</Alert>}
        <DialogContentText>{says.deleteQuestion(name)}</DialogContentText>
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>{says.cancel}</Button>
        <Button color="error" variant="contained" loading={isPending} onClick={() => id !== null && mutate(id)}>
          {says.delete}
        </Button>
      </DialogActions>
    </Modal>
  )
}

/** Props of `RetrieveModal`. */
export interface RetrieveModalProps<N extends BindingName> extends ModalProps {
  readonly binding: N
  /** The row; it stays closed where there is none. */
  readonly id: Pk<N> | null
  /** Which fields, in which order. @default all that the server describes */
  readonly fields?: readonly string[]
  /** What the dialog says, in another language. */
  readonly modalTexts?: Partial<ModalTexts>
}

/** A dialog that shows a row, live. */
export function RetrieveModal<N extends BindingName>(props: RetrieveModalProps<N>): JSX.Element {
  const { binding, id, onClose, title, maxWidth = 'sm', variant, fields, modalTexts } = props
  const open = props.open && id !== null
  const titleId = useId()
  const says = useTexts('modals', MODAL_TEXTS, modalTexts)
  const { data: description } = useDescribe(binding, { enabled: open })
  const { data, error, isGone } = useRetrieve(binding, id, { enabled: open })
  const row = data as Readonly<Record<string, unknown>> | undefined
  const shown = (description?.fields ?? []).filter(({ name }) => !fields || fields.includes(name))
  const texts = useRelationTexts(binding, shown, row)
  return (
    <Modal open={open} onClose={onClose} maxWidth={maxWidth} variant={variant} titleId={titleId}>
      <DialogTitle id={titleId}>{title ?? (row ? textOf(row) : (description?.label ?? binding))}</DialogTitle>
      <DialogContent>
        {isGone && <Alert severity="warning">{says.gone}</Alert>}
        {error && !isGone && <Alert severity="error">{error.message}</Alert>}
        {!row && !error && <Skeleton variant="rounded" height={120} />}
        {row && (
          <Typography component="dl" sx={{ display: 'grid', gridTemplateColumns: 'auto 1fr', gap: 1, m: 0 }}>
            {shown.map(field => (
              <Detail
                key={field.name}
                label={field.label}
                text={detailText(field, row[field.name], texts?.[field.name])}
              />
            ))}
          </Typography>
        )}
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>{says.close}</Button>
      </DialogActions>
    </Modal>
  )
}

function Detail({ label, text }: { readonly label: string; readonly text: string }): JSX.Element {
  return (
    <>
      <Typography component="dt" variant="body2" sx={{ color: 'text.secondary' }}>
        {label}
      </Typography>
      <Typography component="dd" variant="body2" sx={{ m: 0, overflowWrap: 'anywhere' }}>
        {text || '—'}
      </Typography>
    </>
  )
}

/** The texts of the rows that a row points to, asked anew when it points to others. */
function useRelationTexts(
  binding: BindingName,
  shown: readonly DescribedField[],
  row: Readonly<Record<string, unknown>> | undefined,
): Labels | undefined {
  const { client, stream } = useStream(binding)
  const fields = shown.filter(field => field.relation && (row?.[field.name] ?? null) !== null).map(({ name }) => name)
  const keys = fields.map(name => row?.[name])
  const ask = ({ signal }: { signal: AbortSignal }): Promise<unknown> =>
    client.call(`${stream}.retrieve` as never, { ids: [row?.id], fields, labels: true } as never, { signal })
  const { data } = useQuery({
    queryKey: [...queryKeys.of(binding), 'texts', row?.id, canonical([fields, keys])],
    queryFn: ask,
    enabled: fields.length > 0,
  })
  return (data as { readonly labels?: Labels } | undefined)?.labels
}

function detailText(
  field: DescribedField,
  value: unknown,
  texts: Readonly<Record<string, string>> | undefined,
): string {
  if (value === null || value === undefined) return ''
  if (field.relation) return relationText(value, texts)
  if (Array.isArray(value)) return value.map(each => detailText(field, each, texts)).join(', ')
  const choice = field.choices?.find(each => each.value === value)
  if (choice) return choice.label
  if (field.type === 'datetime' && typeof value === 'string') return new Date(value).toLocaleString()
  return plainText(value)
}
