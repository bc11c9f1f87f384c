import Box from '@mui/material/Box'
import Checkbox from '@mui/material/Checkbox'
import Tooltip from '@mui/material/Tooltip'
import { GridEditInputCell, GridEditSingleSelectCell, useGridApiContext } from '@mui/x-data-grid'
import { type JSX, type ReactElement, Suspense, useContext, useEffect, useId, useRef } from 'react'
import { Guard, guarded } from '../Guard.js'
import { late } from '../late.js'
import { plainText } from '../text.js'
import { CellErrorsContext } from './cellErrors.js'
import { cellKey, type EditCellParams } from './row.js'

/** The editor of a cell, with what is wrong standing at it; whatever it is made of. */
export function withError(render: (params: EditCellParams) => ReactElement) {
  return (params: EditCellParams): JSX.Element => <WithError params={params} render={render} />
}

interface WithErrorProps {
  readonly params: EditCellParams
  readonly render: (params: EditCellParams) => ReactElement
}

function WithError({ params, render }: WithErrorProps): JSX.Element {
  const error = useContext(CellErrorsContext)[cellKey(params.id, params.field)]
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const { headerName = params.field } = params.colDef
  // The editors of the grid are not all told what they are called, and none what is wrong.
  useEffect(() => {
    const input = box.current?.querySelector('input, textarea, select, [role="combobox"]')
    if (!input) return
    if (!input.getAttribute('aria-label') && !input.getAttribute('aria-labelledby') && !labelsOf(input))
      input.setAttribute('aria-label', headerName)
    if (error === undefined) {
      input.removeAttribute('aria-invalid')
      input.removeAttribute('aria-errormessage')
    } else {
      input.setAttribute('aria-invalid', 'true')
      input.setAttribute('aria-errormessage', id)
    }
  })
  return (
    <Tooltip
      open={error !== undefined}
      title={
        <span role="alert" id={id}>
          {error}
        </span>
      }
      placement="bottom-start"
      describeChild
      slotProps={{ tooltip: { sx: ERROR_TOOLTIP } }}
    >
      <Box ref={box} sx={error === undefined ? FILL : FILL_WRONG}>
        <Guard value={params.value} fallback={guarded(plainText, () => '⚠')(params.value)}>
          <Rendered params={params} render={render} />
        </Guard>
      </Box>
    </Tooltip>
  )
}

/** A component, so that what throws is caught by the boundary above it. */
const Rendered = ({ params, render }: WithErrorProps): ReactElement => render(params)

const labelsOf = (input: Element): boolean => !!(input as HTMLInputElement).labels?.length

const FILL = { display: 'flex', alignItems: 'center', width: '100%', height: '100%' } as const
const FILL_WRONG = { ...FILL, outline: '2px solid', outlineColor: 'error.main', outlineOffset: -2 } as const
const ERROR_TOOLTIP = { bgcolor: 'error.dark', color: 'error.contrastText', fontSize: 'body2.fontSize' } as const

/** Text and numbers. */
export const inputEditor = (params: EditCellParams): ReactElement => <GridEditInputCell {...params} debounceMs={0} />

/** One of several choices. */
export const selectEditor = (params: EditCellParams): ReactElement => <GridEditSingleSelectCell {...params} />

/** Yes or no. */
export const booleanEditor = (params: EditCellParams): ReactElement => <BooleanEditor {...params} />

function BooleanEditor({ id, field, value, hasFocus, colDef }: EditCellParams): JSX.Element {
  const api = useGridApiContext()
  const input = useFocus(hasFocus)
  return (
    <Checkbox
      size="small"
      checked={value === true}
      onChange={event => void api.current.setEditCellValue({ id, field, value: event.target.checked })}
      slotProps={{ input: { ref: input, 'aria-label': colDef.headerName ?? field } }}
      sx={{ m: 'auto' }}
    />
  )
}

/** A day, or a moment to the second. */
export const dateEditor = (params: EditCellParams): ReactElement => <DateEditor {...params} />

function DateEditor({ id, field, value, hasFocus, colDef }: EditCellParams): JSX.Element {
  const api = useGridApiContext()
  const input = useFocus(hasFocus)
  const hasTime = colDef.type === 'dateTime'
  return (
    <Box
      component="input"
      ref={input}
      type={hasTime ? 'datetime-local' : 'date'}
      step={hasTime ? 1 : undefined}
      max={hasTime ? '9999-12-31T23:59:59' : '9999-12-31'}
      aria-label={colDef.headerName ?? field}
      defaultValue={inputText(value, hasTime)}
      onChange={event => void api.current.setEditCellValue({ id, field, value: dateOf(event.target.value) })}
      sx={NATIVE}
    />
  )
}

const NATIVE = {
  flex: 1,
  minWidth: 0,
  height: '100%',
  border: 0,
  outline: 0,
  px: 1,
  font: 'inherit',
  color: 'inherit',
  bgcolor: 'transparent',
} as const

const two = (part: number): string => String(part).padStart(2, '0')

/** What a native field of days and moments takes, in the browser's time zone. */
function inputText(value: unknown, hasTime: boolean): string {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) return ''
  const day = `${String(value.getFullYear()).padStart(4, '0')}-${two(value.getMonth() + 1)}-${two(value.getDate())}`
  if (!hasTime) return day
  return `${day}T${two(value.getHours())}:${two(value.getMinutes())}:${two(value.getSeconds())}`
}

/** `'2026-11-22'` is that day here, not in Greenwich. */
function dateOf(text: string): Date | null {
  if (!text) return null
  const date = new Date(text.includes('T') ? text : `${text}T00:00`)
  return Number.isNaN(date.getTime()) ? null : date
}

const RelationCellEditor = late(() => import('./RelationCellEditor.js').then(found => found.default))

/** A row of another stream, found by typing; loaded when the first one opens. */
export const relationEditor = (params: EditCellParams): ReactElement => (
  <Suspense>
    <RelationCellEditor {...params} />
  </Suspense>
)

function useFocus(hasFocus: boolean): React.RefObject<HTMLInputElement | null> {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (hasFocus) input.current?.focus()
  }, [hasFocus])
  return input
}
