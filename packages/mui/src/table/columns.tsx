import type { DescribedField, Description, Labels } from '@channels-binding/core'
import type { GridColDef, GridRenderCellParams } from '@mui/x-data-grid'
import { createContext, type JSX, type ReactNode, useContext } from 'react'
import { FileLink, fileName } from '../FileLink.js'
import { Guard, guarded } from '../Guard.js'
import { keepFraction, parseInteger, plainText, relationText } from '../text.js'
import type { TableColumn, TableRow } from './row.js'

/** The texts of relations; a context, so that a new text renders the cells of relations and no others. */
export const LabelsContext: React.Context<Labels | undefined> = createContext<Labels | undefined>(undefined)

/** What decides about columns, beside the description. */
export interface ColumnOptions {
  readonly editable: boolean
  /** The texts of relations at this moment, for what is exported and read aloud. */
  readonly labels: () => Labels | undefined
}

/** As wide as `12/30/2026, 10:09:18 AM` is with the cell's padding. */
const MOMENT_WIDTH_PX = 190

const UNEDITABLE = new Set(['json', 'file', 'image', 'list', 'object'])

/** The columns of a table: those asked for, or every field but the key; described where the server describes them. */
export function columnsOf(
  description: Description | undefined,
  asked: readonly (string | GridColDef<TableRow>)[] | undefined,
  options: ColumnOptions,
): TableColumn[] {
  const fields = new Map(description?.fields.map(field => [field.name, field]))
  const names = asked ?? [...fields.keys()].filter(name => name !== 'id' && name !== description?.pk)
  return names.map(asked => {
    const name = typeof asked === 'string' ? asked : asked.field
    const field = fields.get(name)
    const column = field
      ? columnOf(field, description, options)
      : { field: name, flex: 1, minWidth: 100, ...(!description && { headerName: '' }) }
    return guardedColumn(typeof asked === 'string' ? column : ({ ...column, ...asked } as GridColDef<TableRow>))
  })
}

/** Names that were asked for and that the server does not describe: misspelt, or not for this user. A column of one's own is none. */
export function unknownOf(
  description: Description | undefined,
  asked: readonly (string | GridColDef<TableRow>)[] | undefined,
): readonly string[] {
  const known = new Set(description?.fields.map(field => field.name))
  const names = asked?.filter(column => typeof column === 'string') ?? []
  return description ? names.filter(name => !known.has(name)) : []
}

/** The fields that these columns show, for the server; `undefined` while it is not known which of them are fields. */
export function fieldsOf(
  description: Description | undefined,
  asked: readonly (string | GridColDef<TableRow>)[] | undefined,
  columns: readonly TableColumn[],
  more: readonly string[] = [],
): readonly string[] | undefined {
  const names = [...new Set([...columns.map(column => column.field), ...more])]
  if (!description) return asked?.every(column => typeof column === 'string') ? names : undefined
  const known = new Set(description.fields.map(field => field.name))
  return names.filter(name => known.has(name))
}

/** The column, with nothing in it that a value can break: what throws shows the value as text, or that it cannot be shown. */
function guardedColumn(column: GridColDef<TableRow>): TableColumn {
  const { valueFormatter, valueGetter, renderCell } = column
  return {
    ...column,
    ...(valueFormatter && { valueFormatter: guarded(valueFormatter, value => plainText(value) as never) }),
    ...(valueGetter && { valueGetter: guarded(valueGetter, () => null as never) }),
    ...(renderCell && { renderCell: params => <GuardedCell params={params} render={renderCell} /> }),
  } as GridColDef<TableRow>
}

interface GuardedCellProps {
  readonly params: GridRenderCellParams<TableRow>
  readonly render: (params: GridRenderCellParams<TableRow>) => ReactNode
}

function GuardedCell({ params, render }: GuardedCellProps): JSX.Element {
  const shown = guarded(plainText, () => '⚠')(params.value)
  return (
    <Guard value={params.value} fallback={shown}>
      <Rendered params={params} render={render} />
    </Guard>
  )
}

/** A component, so that what throws is caught by the boundary above it. */
function Rendered({ params, render }: GuardedCellProps): ReactNode {
  return render(params)
}

/** The column of one described field. */
export function columnOf(
  field: DescribedField,
  description: Description | undefined,
  { editable, labels }: ColumnOptions,
): TableColumn {
  const isEditable = editable && field.editable !== false && !!description?.can.update && !UNEDITABLE.has(field.type)
  return {
    field: field.name,
    headerName: field.label,
    flex: 1,
    minWidth: 100,
    sortable: field.sortable !== false,
    editable: isEditable && (!field.multiple || field.relation !== undefined),
    described: field,
    ...(field.help_text && { description: field.help_text }),
    ...kindOf(field, labels),
  } as TableColumn
}

function kindOf(field: DescribedField, labels: ColumnOptions['labels']): Partial<GridColDef<TableRow>> {
  if (field.relation) return relationColumn(field.name, labels)
  if (field.choices) return choiceColumn(field)
  switch (field.type) {
    case 'integer':
      return { ...NUMBER, valueParser: (value: unknown) => parseInteger(String(value ?? '')) }
    case 'float':
      return NUMBER
    case 'decimal':
      return { align: 'right', headerAlign: 'right', valueFormatter: (value: unknown) => plainText(value) }
    case 'boolean':
      return { type: 'boolean' }
    case 'date':
      return dateColumn(field.name, 'date', localDate, isoDate, date => date.toLocaleDateString())
    case 'datetime':
      return {
        ...dateColumn(
          field.name,
          'dateTime',
          momentOf,
          (date, old) => keepFraction(date.toISOString(), old),
          date => date.toLocaleString(),
        ),
        minWidth: MOMENT_WIDTH_PX,
      }
    case 'file':
    case 'image':
      return {
        valueFormatter: (value: unknown) => (typeof value === 'string' ? fileName(value) : plainText(value)),
        renderCell: ({ value }) => (typeof value === 'string' ? <FileLink address={value} /> : plainText(value)),
      }
    default:
      return { valueFormatter: (value: unknown) => plainText(value) }
  }
}

/** Edited as a `Date`, which has no microseconds and no offset: where it is the one that is shown, the row keeps its text. */
function dateColumn(
  name: string,
  type: 'date' | 'dateTime',
  read: (value: unknown) => Date | null,
  write: (date: Date, old: unknown) => string,
  show: (date: Date) => string,
): Partial<GridColDef<TableRow>> {
  return {
    type,
    valueGetter: (value: unknown) => read(value),
    valueSetter: (value: Date | null, row: TableRow) => {
      const isSame = value?.getTime() === read(row[name])?.getTime()
      return isSame ? row : { ...row, [name]: value && write(value, row[name]) }
    },
    valueFormatter: (value: Date | null) => (value ? show(value) : ''),
  }
}

function choiceColumn({ choices = [], multiple }: DescribedField): Partial<GridColDef<TableRow>> {
  const texts = new Map(choices.map(choice => [choice.value, choice.label]))
  const textOf = (value: unknown): string => texts.get(value as string) ?? plainText(value)
  if (multiple)
    return { valueFormatter: (value: unknown) => (Array.isArray(value) ? value.map(textOf).join(', ') : '') }
  const valueOptions = choices.map(({ value, label }) => ({ value: value as string, label }))
  return { type: 'singleSelect', valueOptions, valueFormatter: textOf } as Partial<GridColDef<TableRow>>
}

const momentOf = (value: unknown): Date | null => {
  const date = typeof value === 'string' ? new Date(value) : null
  return date && !Number.isNaN(date.getTime()) ? date : null
}

function relationColumn(name: string, labels: ColumnOptions['labels']): Partial<GridColDef<TableRow>> {
  return {
    valueFormatter: (value: unknown) => relationText(value, labels()?.[name]),
    renderCell: params => <RelationCell {...params} />,
  }
}

function RelationCell({ field, value }: GridRenderCellParams<TableRow>): JSX.Element {
  const labels = useContext(LabelsContext)
  return <>{relationText(value, labels?.[field])}</>
}

const numberText = (value: unknown): string => (typeof value === 'number' ? value.toLocaleString() : plainText(value))

const NUMBER: Partial<GridColDef<TableRow>> = { type: 'number', valueFormatter: (value: unknown) => numberText(value) }

/** The day in this time zone: `'2026-11-22'` stays the 22nd everywhere. */
function localDate(value: unknown): Date | null {
  const [year, month, day] = typeof value === 'string' ? value.split('-').map(Number) : []
  if (!year || !month || !day) return null
  const date = new Date(2000, month - 1, day)
  date.setFullYear(year, month - 1, day) // the constructor takes 50 for 1950
  return date
}

function isoDate(date: Date): string {
  const two = (part: number): string => String(part).padStart(2, '0')
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
