import { BindingError, type BindingName, type SearchParams } from '@channels-binding/core'
import { Writes } from '@channels-binding/core/writes'
import type { GridApiCommunity } from '@mui/x-data-grid/internals'
import { type JSX, type RefObject, Suspense, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { draftsOf, useUnloadGuard } from '../drafts.js'
import { late } from '../late.js'
import { useStream } from '../stream.js'
import { plainText } from '../text.js'
import { DroppedNotice, HeldNotice, RefusedNotices, useWaitedConflict } from './notices.js'
import type { RowId, TableColumn, TableRow } from './row.js'
import type { TableTexts } from './texts.js'
import type { Draft, Edits } from './useEdits.js'

const ConflictDialog = late(() => import('../ConflictDialog.js').then(found => found.ConflictDialog))

type Api = RefObject<GridApiCommunity | null>

/** What was typed and is neither saved nor in its cell any more. */
export interface DraftsOfTable {
  /** Dropped by Escape, which is too near to other keys to be the last word. */
  readonly dropped: Draft | null
  /** Left behind when the table went off the page. */
  readonly left: Draft | null
  readonly onEscape: (id: RowId) => void
  readonly forget: () => void
}

const NAME = 'cell'

/** Keeps what was typed where a table is left, by Escape, by navigation, or (the browser asks) by a reload. */
export function useDrafts(binding: BindingName, edits: Edits): DraftsOfTable {
  const { client, stream } = useStream(binding)
  const store = useMemo(() => draftsOf<Draft>(client, 'table', stream), [client, stream])
  const [dropped, setDropped] = useState<Draft | null>(null)
  const [left, setLeft] = useState<Draft | null>(() => store.get(NAME) ?? null)
  const latest = useRef(edits)
  const find = useCallback((id?: RowId): Draft | null => {
    const { list, draftOf } = latest.current
    for (const edit of list) {
      const draft = id === undefined || edit.id === id ? draftOf(edit) : null
      if (draft) return draft
    }
    return null
  }, [])
  useLayoutEffect(() => {
    latest.current = edits
  }, [edits])
  useLayoutEffect(
    () => () => {
      const draft = find()
      if (draft) store.set(NAME, draft)
    },
    [find, store],
  )
  useUnloadGuard(useCallback(() => find() !== null, [find]))
  const onEscape = useCallback((id: RowId) => setDropped(find(id)), [find])
  const forget = useCallback(() => {
    store.delete(NAME)
    setDropped(null)
    setLeft(null)
  }, [store])
  return useMemo(() => ({ dropped, left, onEscape, forget }), [dropped, left, onEscape, forget])
}

interface EditNoticesProps<N extends BindingName> {
  readonly binding: N
  readonly apiRef: Api
  readonly columns: readonly TableColumn[]
  readonly params: SearchParams<N>
  readonly edits: Edits
  readonly drafts: DraftsOfTable
  readonly held: { readonly rows: readonly TableRow[]; readonly ids: readonly RowId[] }
  readonly texts: TableTexts
  readonly canCreate: boolean
}

/** What there is to say, and to ask, of cells that are edited. */
export function EditNotices<N extends BindingName>(props: EditNoticesProps<N>): JSX.Element {
  const { binding, apiRef, columns, params, edits, drafts, held, texts, canCreate } = props
  const { client, stream } = useStream(binding)
  const [waited, askOfWaited, answerWaited] = useWaitedConflict(binding)
  const describe = (draft: Draft): { label: string; text: string } => {
    const column = columns.find(each => each.field === draft.field)
    return { label: column?.headerName ?? draft.field, text: draftText(column, draft) }
  }
  const end = (id: RowId, ignoreModifications: boolean): void => {
    const edit = edits.list.find(each => each.id === id)
    for (const field of edit?.fields ?? []) stop(apiRef.current, id, field, ignoreModifications)
  }
  const saveAnew = async (draft: Draft): Promise<void> => {
    const values = newValues(draft, columns)
    try {
      await Writes.of(client).write({ stream, action: 'create', values, isOptimistic: false })
      end(draft.id, true)
    } catch (reason) {
      edits.refuse(draft.id, draft.field, BindingError.from(reason))
    }
  }
  const resume = (draft: Draft): void => {
    drafts.forget()
    edits.resume(draft)
  }
  const asked = edits.question ?? (waited && { conflict: waited.conflict, answer: answerWaited })
  const lost = drafts.dropped ?? drafts.left
  const labelOf = (name: string): string => columns.find(each => each.field === name)?.headerName ?? name
  return (
    <>
      <RefusedNotices binding={binding} texts={texts} onConflict={askOfWaited} />
      {held.ids.map(id => (
        <HeldNotice
          key={id}
          binding={binding}
          id={id}
          params={params}
          rows={held.rows}
          texts={texts}
          canCreate={canCreate}
          describe={describe}
          draft={() => {
            const edit = edits.list.find(each => each.id === id)
            return edit ? edits.draftOf(edit) : null
          }}
          onSave={() => end(id, false)}
          onSaveAnew={draft => void saveAnew(draft)}
          onDrop={() => end(id, true)}
        />
      ))}
      {lost && (
        <DroppedNotice
          draft={lost}
          said={drafts.dropped ? texts.discarded : texts.left}
          describe={describe}
          texts={texts}
          onRestore={held.rows.some(row => row.id === lost.id) ? () => resume(lost) : null}
          onClose={drafts.forget}
        />
      )}
      {asked && (
        <Suspense>
          <ConflictDialog
            conflict={asked.conflict}
            labelOf={labelOf}
            textOf={(name, value) =>
              rawText(
                columns.find(each => each.field === name),
                name,
                value,
              )
            }
            texts={texts.conflict}
            onResolve={asked.answer}
            onCancel={() => asked.answer(null)}
          />
        </Suspense>
      )}
    </>
  )
}

function stop(api: GridApiCommunity | null, id: RowId, field: string, ignoreModifications: boolean): void {
  if (api?.getRow(id) && api.getCellMode(id, field) === 'edit') api.stopCellEditMode({ id, field, ignoreModifications })
}

type Formatter = (...args: unknown[]) => unknown

/** What a column makes of a value that it shows. */
function textOf(column: TableColumn | undefined, value: unknown, row: TableRow): string {
  const format = column?.valueFormatter as Formatter | undefined
  return format ? String(format(value, row, column, null) ?? '') : plainText(value)
}

/** What was typed, as it was typed: no column expects it. Keys of choices are shown by their names. */
function draftText(column: TableColumn | undefined, { value, base }: Draft): string {
  const isTyped = typeof value === 'string' && column?.type !== 'singleSelect' && !column?.described?.relation
  return isTyped ? value : textOf(column, value, base)
}

/** The same of a value as the row has it. */
function rawText(column: TableColumn | undefined, name: string, value: unknown): string {
  const row = { id: '', [name]: value }
  const get = column?.valueGetter as Formatter | undefined
  return textOf(column, get ? get(value, row, column, null) : value, row)
}

const NOT_COPIED = new Set(['file', 'image'])

/** The row with the draft, as it can be made anew. */
function newValues({ base, field, value }: Draft, columns: readonly TableColumn[]): Record<string, unknown> {
  const column = columns.find(each => each.field === field)
  const set = column?.valueSetter as Formatter | undefined
  const row = (set ? set(value, base, column, null) : { ...base, [field]: value }) as TableRow
  const known = columns.filter(({ described }) => described && described.editable !== false)
  const names = known.filter(({ described }) => !NOT_COPIED.has(described?.type ?? '')).map(each => each.field)
  return Object.fromEntries(names.filter(name => Object.hasOwn(row, name)).map(name => [name, row[name]]))
}
