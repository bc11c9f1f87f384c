import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import Paper from '@mui/material/Paper'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { createSvgIcon } from '@mui/material/utils'
import { type JSX, type ReactNode, type RefObject, useEffect, useId, useRef, useState } from 'react'
import type { Control } from 'react-hook-form'
import { type Heir, useFocusKept } from '../useFocusKept.js'
import { FieldView } from './FieldView.js'
import type { FormsetTexts } from './formsetTexts.js'
import { componentOf } from './registry.js'
import { type EditedFormset, type FormsetRow, pathOf } from './rows.js'
import type { FieldComponent } from './types.js'
import type { RowActions } from './useRows.js'
import type { FormValues } from './values.js'

/** What is wrong with a formset beside its fields, for people. */
export interface Complaints {
  readonly own: string
  /** By the key of the row. */
  readonly rows: Readonly<Record<string, string>>
  /** What takes the focus, if no field has taken it: the row of this key, `''` for the formset. */
  readonly focus: string | null
}

interface FormsetViewProps {
  readonly edited: EditedFormset
  readonly actions: RowActions
  readonly control: Control<FormValues>
  /** By name, `'lines.text'`. */
  readonly components: Readonly<Record<string, FieldComponent>> | undefined
  readonly complaints: Complaints | undefined
  readonly texts: FormsetTexts
  readonly disabled: boolean
  /** Something of this row was changed; `null` for the rows as a whole. */
  readonly onEdit: (row: string | null) => void
  /** Something is changed in a field of a row, whose value has this name. */
  readonly onType: (name: string, row: FormsetRow) => void
}

/** Where the focus goes once the rows are drawn anew. */
interface Target {
  readonly row: string | null
  /** A class of the element; `null` for the row itself, or the formset. */
  readonly part: 'field' | 'remove' | 'undo' | 'up' | 'down' | 'add' | null
}

const FIELD =
  'input:not([type=hidden], [aria-hidden=true], :disabled), textarea:not([aria-hidden=true]), [role=combobox]'

/** Rows beside a form: each with its fields, and buttons that add, delete and move them. */
export function FormsetView(props: FormsetViewProps): JSX.Element {
  const { edited, actions, complaints, texts, disabled, onEdit } = props
  const { formset, rows } = edited
  const { name, label, row_label, max } = formset
  const titleId = useId()
  const [root, focus] = useFocus(complaints)
  useFocusKept(root, sameOf)
  const isFull = rows.filter(row => !row.isDeleted).length >= max
  const remove = (row: FormsetRow, index: number): void => {
    onEdit(row.key)
    actions.remove(name, row.key)
    const next = rows[index + 1] ?? rows[index - 1]
    if (row.id !== null) focus({ row: row.key, part: 'undo' })
    else focus(next ? { row: next.key, part: next.isDeleted ? 'undo' : 'remove' } : { row: null, part: 'add' })
  }
  return (
    <Stack ref={root} role="group" aria-labelledby={titleId} tabIndex={-1} spacing={1.5} sx={{ pt: 1 }}>
      <Typography
        id={titleId}
        component="div"
        variant="subtitle1"
        sx={{ '&::first-letter': { textTransform: 'uppercase' } }}
      >
        {label}
      </Typography>
      {complaints?.own && <Alert severity="error">{complaints.own}</Alert>}
      {rows.length === 0 && <Typography sx={{ color: 'text.secondary' }}>{texts.empty(label)}</Typography>}
      {rows.map((row, index) => (
        <RowView
          {...props}
          key={row.key}
          row={row}
          title={texts.row(row_label, index + 1)}
          isFirst={index === 0}
          isLast={index === rows.length - 1}
          onRemove={() => remove(row, index)}
          onRestore={() => {
            actions.restore(name, row.key)
            focus({ row: row.key, part: 'remove' })
          }}
          onMove={by => {
            onEdit(row.key)
            actions.move(name, row.key, by)
            focus({ row: row.key, part: by < 0 ? 'up' : 'down' })
          }}
        />
      ))}
      <Stack direction="row" spacing={2} sx={{ alignItems: 'center' }}>
        <Button
          className="add"
          startIcon={<AddIcon />}
          disabled={disabled || isFull}
          onClick={() => {
            onEdit(null)
            focus({ row: actions.add(name), part: 'field' })
          }}
        >
          {texts.add(row_label)}
        </Button>
        {isFull && (
          <Typography variant="body2" sx={{ color: 'text.secondary' }}>
            {texts.full(max)}
          </Typography>
        )}
      </Stack>
    </Stack>
  )
}

interface RowViewProps extends FormsetViewProps {
  readonly row: FormsetRow
  readonly title: string
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly onRemove: () => void
  readonly onRestore: () => void
  readonly onMove: (by: number) => void
}

function RowView(props: RowViewProps): JSX.Element {
  const { edited, row, title, complaints, control, components, texts, onEdit, onType } = props
  const { name } = edited.formset
  const complaint = complaints?.rows[row.key]
  if (row.isDeleted) return <RemovedRow {...props} />
  return (
    <Paper variant="outlined" role="group" aria-label={title} data-row={row.key} tabIndex={-1} sx={{ p: 1.5, pt: 0.5 }}>
      <RowHead title={title}>
        <RowButtons {...props} />
      </RowHead>
      {row.isGone && (
        <Alert severity="warning" role="status" sx={{ mb: 1.5 }}>
          {texts.goneRow}
        </Alert>
      )}
      {complaint && (
        <Alert severity="error" sx={{ mb: 1.5 }}>
          {complaint}
        </Alert>
      )}
      <Box sx={GRID}>
        {row.fields.map(field => {
          const path = pathOf(name, row.key, field.name)
          return (
            <FieldView
              key={field.name}
              name={path}
              field={field}
              control={control}
              component={componentOf({ ...field, name: `${name}.${field.name}` }, components)}
              onEdit={() => {
                onEdit(row.key)
                onType(path, row)
              }}
            />
          )
        })}
      </Box>
    </Paper>
  )
}

/** As many fields beside one another as there is room for. */
const GRID = {
  display: 'grid',
  gap: 1.5,
  gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 11rem), 1fr))',
  alignItems: 'start',
}

function RowHead({ title, children }: { readonly title: string; readonly children: ReactNode }): JSX.Element {
  return (
    <Stack direction="row" sx={{ alignItems: 'center', minHeight: 40 }}>
      <Typography variant="body2" aria-hidden sx={{ color: 'text.secondary', flexGrow: 1 }}>
        {title}
      </Typography>
      {children}
    </Stack>
  )
}

function RowButtons(props: RowViewProps): JSX.Element {
  const { edited, row, title, texts, disabled, isFirst, isLast, onMove, onRemove } = props
  const { can_order, can_delete, min } = edited.formset
  const canRemove = row.id === null ? edited.rows.length > min : can_delete
  return (
    <>
      {can_order && (
        <>
          <RowButton
            part="up"
            label={`${title}: ${texts.moveUp}`}
            disabled={disabled || isFirst}
            onClick={() => onMove(-1)}
          >
            <UpIcon fontSize="small" />
          </RowButton>
          <RowButton
            part="down"
            label={`${title}: ${texts.moveDown}`}
            disabled={disabled || isLast}
            onClick={() => onMove(1)}
          >
            <DownIcon fontSize="small" />
          </RowButton>
        </>
      )}
      {canRemove && (
        <RowButton part="remove" label={`${title}: ${texts.remove}`} disabled={disabled} onClick={onRemove}>
          <RemoveIcon fontSize="small" />
        </RowButton>
      )}
    </>
  )
}

interface RowButtonProps {
  readonly part: NonNullable<Target['part']>
  readonly label: string
  readonly disabled: boolean
  readonly onClick: () => void
  readonly children: ReactNode
}

function RowButton({ part, label, ...props }: RowButtonProps): JSX.Element {
  return <IconButton className={part} size="small" aria-label={label} title={label} {...props} />
}

/** What stands in the place of a row that goes when the form is saved. */
function RemovedRow({ row, title, texts, disabled, onRestore }: RowViewProps): JSX.Element {
  return (
    <Paper
      variant="outlined"
      role="group"
      aria-label={title}
      data-row={row.key}
      sx={{ px: 1.5, py: 0.5, borderStyle: 'dashed' }}
    >
      <Stack direction="row" sx={{ alignItems: 'center' }}>
        <Typography sx={{ color: 'text.secondary', flexGrow: 1 }}>{texts.removed(title)}</Typography>
        <Button className="undo" size="small" disabled={disabled} onClick={onRestore}>
          {texts.undo}
        </Button>
      </Stack>
    </Paper>
  )
}

/**
 * The focus goes to a part of a row once it is drawn; where that takes none, to another button of the row. What is to
 * take it is state, not a ref: an effect that is still due from the render before would look for it too early.
 */
function useFocus(complaints: Complaints | undefined): [RefObject<HTMLDivElement | null>, (target: Target) => void] {
  const root = useRef<HTMLDivElement>(null)
  const [target, focus] = useState<Target | null>(null)
  useEffect(() => {
    const element = target && elementOf(root.current, target)
    element?.closest('[data-row]')?.scrollIntoView?.({ block: 'nearest' }) // the whole row, not only what takes the focus
    element?.focus({ preventScroll: element.closest('[data-row]') !== null })
  }, [target])
  useEffect(() => {
    const row = complaints?.focus ?? null
    if (row !== null) elementOf(root.current, { row, part: null })?.focus()
  }, [complaints])
  return [root, focus]
}

const rowsIn = (root: HTMLElement): HTMLElement[] => [...root.querySelectorAll<HTMLElement>('[data-row]')]
const partsIn = (row: Element | undefined): HTMLElement[] => [
  ...(row?.querySelectorAll<HTMLElement>(`${FIELD}, button`) ?? []),
]

/** The same part of the row at the same place: a new row has another key once it is saved. */
const sameOf: Heir = (root, focused) => {
  const row = focused.closest('[data-row]')
  const place = rowsIn(root).indexOf(row as HTMLElement)
  const part = partsIn(row ?? undefined).indexOf(focused as HTMLElement)
  return () => {
    const rows = rowsIn(root)
    return partsIn(rows[place] ?? rows.at(-1))[part] ?? root.querySelector<HTMLElement>('.add')
  }
}

function elementOf(root: HTMLElement | null, { row, part }: Target): HTMLElement | null {
  const rows = root ? rowsIn(root) : []
  const found = rows.find(each => each.dataset.row === row)
  if (part === null) return found ?? root
  if (part === 'field') return found?.querySelector<HTMLElement>(FIELD) ?? found ?? null
  const button = found?.querySelector<HTMLElement>(`.${part}:not(:disabled)`) ?? found?.querySelector('button:enabled')
  return (button ?? root?.querySelector('.add') ?? null) as HTMLElement | null
}

const AddIcon = createSvgIcon(<path d="M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z" />, 'Add')
const UpIcon = createSvgIcon(<path d="m12 8 6 6-1.4 1.4-4.6-4.6-4.6 4.6L6 14z" />, 'Up')
const DownIcon = createSvgIcon(<path d="m12 16-6-6 1.4-1.4 4.6 4.6 4.6-4.6L18 10z" />, 'Down')
const RemoveIcon = createSvgIcon(
  <path d="M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z" />,
  'Delete',
)
