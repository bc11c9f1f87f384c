import { BindingError, type BindingName, canonical } from '@channels-binding/core'
import { type Conflict, conflictOf, newKey, type WriteInput, Writes } from '@channels-binding/core/writes'
import type { GridApiCommunity } from '@mui/x-data-grid/internals'
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useStream } from '../stream.js'
import { messagesOf } from '../text.js'
import type { CellErrors } from './cellErrors.js'
import { cellKey, type RowId, type TableColumn, type TableRow } from './row.js'

/** How long the row of a write of this user's own does not flash, in milliseconds. */
const OWN_MS = 2_000

/** A row of which cells are being edited. */
export interface Edit {
  readonly id: RowId
  readonly fields: readonly string[]
  /** The row as it was when the edit began. */
  readonly base: TableRow
}

/** Two have changed the same cell, and the user is asked. */
export interface Question {
  readonly conflict: Conflict
  readonly answer: (mine: Readonly<Record<string, unknown>> | null) => void
}

/** What is edited in a table, and what becomes of it. */
export interface Edits {
  readonly list: readonly Edit[]
  readonly errors: CellErrors
  readonly question: Question | null
  /** The grid's models of what is in edit mode, cells and rows. */
  readonly follow: (model: Readonly<Record<string, unknown>>) => void
  readonly save: (row: TableRow, old: TableRow) => Promise<TableRow>
  /** Puts an error at a cell. */
  readonly refuse: (id: RowId, field: string, error: BindingError) => void
  /** Opens a cell again with what was typed into it before. */
  readonly resume: (draft: Draft) => void
  /** Whether this user has written the row a moment ago. */
  readonly isOwn: (id: RowId) => boolean
  /** What was typed into a cell and is not saved; `null` where it is as it was. */
  readonly draftOf: (edit: Edit) => Draft | null
}

/** What was typed into a cell and is not saved. */
export interface Draft {
  readonly id: RowId
  readonly field: string
  readonly value: unknown
  readonly base: TableRow
}

type Api = RefObject<GridApiCommunity | null>

/** The edit state of the grid, by row and field. */
type EditRows = Readonly<Record<string, Readonly<Record<string, { readonly value: unknown }>>>>

/** Follows which rows are edited, and saves what was typed over what the user saw, over nothing else. */
export function useEdits(binding: BindingName, apiRef: Api, columns: readonly TableColumn[]): Edits {
  const { client, stream } = useStream(binding)
  const [list, setList] = useState<readonly Edit[]>([])
  const [errors, setErrors] = useState<CellErrors>({})
  const [question, setQuestion] = useState<Question | null>(null)
  const latest = useRef({ list, columns })
  const own = useRef(new Map<RowId, number>())
  /** What was seen of rows whose edit is taken up again. */
  const resumed = useRef(new Map<string, TableRow>())
  useEffect(() => {
    latest.current = { list, columns }
  }, [list, columns])

  const follow = useCallback(
    (model: Readonly<Record<string, unknown>>): void => {
      const api = apiRef.current
      setList(before => editsOf(model, before, key => resumed.current.get(key) ?? api?.getRow(key) ?? null))
      for (const key of resumed.current.keys()) if (!(key in model)) resumed.current.delete(key)
      setErrors(before => (Object.keys(model).length || !Object.keys(before).length ? before : {}))
    },
    [apiRef],
  )

  const write = useCallback(
    (input: WriteInput): Promise<unknown> => made(Writes.of(client), { ...input, key: newKey() }),
    [client],
  )
  const save = useCallback(
    async (row: TableRow, old: TableRow): Promise<TableRow> => {
      const { id } = row
      const base = latest.current.list.find(edit => edit.id === id)?.base ?? old
      let values = changesOf(row, old, base, latest.current.columns)
      let seen: Pick<WriteInput, 'base' | 'ifVersion'> = { base }
      setErrors(before => withoutRow(before, id))
      while (Object.keys(values).length) {
        own.current.set(id, Date.now())
        try {
          await write({ stream, action: 'save', id, values, isOptimistic: true, ...seen })
          break
        } catch (reason) {
          const error = BindingError.from(reason)
          const conflict = conflictOf({ values, base }, error)
          if (!conflict) {
            setErrors(before => ({ ...before, ...errorsOf(id, Object.keys(values), error) }))
            throw error
          }
          const mine = await ask(conflict, setQuestion)
          if (mine === null) throw error
          values = mine
          seen = { base: error.current, ifVersion: error.version ?? undefined }
        }
      }
      own.current.set(id, Date.now())
      setList(before => before.map(edit => (edit.id === id ? { ...edit, base: { ...edit.base, ...values } } : edit)))
      await nextFrame()
      return apiRef.current?.getRow(id) ?? row
    },
    [apiRef, stream, write],
  )
  const refuse = useCallback((id: RowId, field: string, error: BindingError): void => {
    setErrors(before => ({ ...before, ...errorsOf(id, [field], error) }))
  }, [])
  const resume = useCallback(
    ({ id, field, value, base }: Draft): void => {
      const api = apiRef.current
      if (!api?.getRow(id) || !api.getColumn(field) || api.getCellMode(id, field) !== 'view') return
      if (!api.isCellEditable(api.getCellParams(id, field))) return
      resumed.current.set(String(id), base)
      api.startCellEditMode({ id, field, ...(value ? { initialValue: value as string } : { deleteValue: true }) })
    },
    [apiRef],
  )
  const isOwn = useCallback((id: RowId): boolean => Date.now() - (own.current.get(id) ?? 0) < OWN_MS, [])
  const draftOf = useCallback(
    (edit: Edit): Draft | null => {
      const state = (apiRef.current?.state.editRows ?? {}) as EditRows
      for (const [field, { value }] of Object.entries(state[String(edit.id)] ?? {})) {
        const column = latest.current.columns.find(each => each.field === field)
        if (column && !isSame(value, shownValue(column, edit.base)))
          return { id: edit.id, field, value, base: edit.base }
      }
      return null
    },
    [apiRef],
  )
  return useMemo(
    () => ({ list, errors, question, follow, save, refuse, resume, isOwn, draftOf }),
    [list, errors, question, follow, save, refuse, resume, isOwn, draftOf],
  )
}

/** The edits of a model, those that go on with the row of their beginning; the same list where nothing changed. */
function editsOf(
  model: Readonly<Record<string, unknown>>,
  before: readonly Edit[],
  rowOf: (key: string) => TableRow | null,
): readonly Edit[] {
  const edits = Object.entries(model).flatMap(([key, modes]): Edit[] => {
    const known = before.find(edit => String(edit.id) === key)
    const base = known?.base ?? rowOf(key)
    return base ? [{ id: base.id, fields: Object.keys(modes as object), base }] : []
  })
  const isSameList = edits.length === before.length && edits.every((edit, index) => isSameEdit(edit, before[index]))
  return isSameList ? before : edits
}

const isSameEdit = (edit: Edit, other: Edit | undefined): boolean =>
  edit.id === other?.id && edit.base === other.base && edit.fields.join() === other.fields.join()

/** Resolves when the write is made, or waits for the connection: then it is marked in its cell, and the user goes on. */
function made(writes: Writes, input: WriteInput & { readonly key: string }): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const promise = writes.write(input)
    const look = (): void => {
      if (writes.getSnapshot().some(each => each.key === input.key && each.hasWaited)) end(resolve)
    }
    const stop = writes.subscribe(look)
    const end = (settle: (value: unknown) => void, value?: unknown): void => {
      stop()
      settle(value)
    }
    promise.then(
      value => end(resolve, value),
      reason => end(reject, reason),
    )
    look()
  })
}

function ask(
  conflict: Conflict,
  setQuestion: (question: Question | null) => void,
): Promise<Readonly<Record<string, unknown>> | null> {
  return new Promise(resolve => {
    const answer = (mine: Readonly<Record<string, unknown>> | null): void => {
      setQuestion(null)
      resolve(mine)
    }
    setQuestion({ conflict, answer })
  })
}

/** What a column shows of a row. */
function shownValue(column: TableColumn, row: TableRow): unknown {
  const value = row[column.field]
  return column.valueGetter ? (column.valueGetter as (...args: unknown[]) => unknown)(value, row, column, null) : value
}

const isSame = (one: unknown, other: unknown): boolean =>
  one === other || canonical(plain(one)) === canonical(plain(other))

const plain = (value: unknown): unknown => (value instanceof Date ? value.getTime() : (value ?? null))

/** What the user has changed: cells that differ from the row as it is, and show something else than when the edit began. */
function changesOf(
  row: TableRow,
  old: TableRow,
  base: TableRow,
  columns: readonly TableColumn[],
): Record<string, unknown> {
  const byField = new Map(columns.map(column => [column.field, column]))
  const names = Object.keys(row).filter(name => {
    if (isSame(row[name], old[name]) || isSame(row[name], base[name])) return false
    const column = byField.get(name)
    return !(column && isSame(shownValue(column, row), shownValue(column, base)))
  })
  return Object.fromEntries(names.map(name => [name, row[name]]))
}

const withoutRow = (errors: CellErrors, id: RowId): CellErrors =>
  Object.fromEntries(Object.entries(errors).filter(([key]) => !key.startsWith(cellKey(id, ''))))

/** What is wrong, at the cell that it belongs to; at the first that was changed, what belongs to none of them. */
function errorsOf(id: RowId, names: readonly string[], error: BindingError): Record<string, string> {
  const found = Object.entries(error.fields ?? {}).filter(([, list]) => list.length)
  if (!found.length) return { [cellKey(id, names[0] ?? '')]: error.message }
  const errors: Record<string, string> = {}
  for (const [name, list] of found) {
    const field = names.includes(name) ? name : (names[0] ?? '')
    const text = names.includes(name) || name === '__all__' ? messagesOf(list) : `${name}: ${messagesOf(list)}`
    errors[cellKey(id, field)] = [errors[cellKey(id, field)], text].filter(Boolean).join(' ')
  }
  return errors
}

/** Once what was written is drawn; soon, too, where nothing is drawn, as in a tab in the background. */
const nextFrame = (): Promise<void> =>
  new Promise(resolve => {
    const late = setTimeout(resolve, 100)
    requestAnimationFrame(() => {
      clearTimeout(late)
      setTimeout(resolve)
    })
  })
