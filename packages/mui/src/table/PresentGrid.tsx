import { type PresenceMember, type PresenceMeta, usePresence } from '@channels-binding/core/presence'
import Box from '@mui/material/Box'
import type { SxProps, Theme } from '@mui/material/styles'
import { GridCell, type GridCellProps } from '@mui/x-data-grid'
import {
  createContext,
  type JSX,
  memo,
  type NamedExoticComponent,
  useContext,
  useLayoutEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react'
import { useStream } from '../stream.js'
import { plainText, textOf } from '../text.js'
import { Grid, type GridProps } from './Grid.js'
import { cellKey, type RowId, type TableColumn, type TableRow } from './row.js'
import type { Edit } from './useEdits.js'

/** The grid, with who else is editing which of its cells; who edits one is in the room for as long. */
export default function PresentGrid(all: GridProps): JSX.Element {
  const { props, rows, columns, edits, actions } = all
  const { stream } = useStream(props.binding)
  const meta = useMemo(() => metaOf(stream, edits.list), [stream, edits.list])
  const { others, me, tab, isLive } = usePresence<PresenceMeta, object>(props.presence as never, meta)
  const { texts } = actions
  const said = useMemo(() => {
    const found = isLive ? editorsOf(stream, me ? [...others, { ...me, tabs: elsewhere(me, tab) }] : others) : NOBODY
    return [...found].flatMap(([key, { id, field, names }]) => {
      const column = columns.find(each => each.field === field)
      const row = rows.now().find(each => each.id === id)
      const who = [...names].join(', ')
      return column && row
        ? [{ key, who, text: texts.editing(who, column.headerName ?? field, nameOf(row, columns)) }]
        : []
    })
  }, [stream, others, me, tab, isLive, rows, columns, texts])
  const editors = useEditors(said)
  const { slots, sx } = props
  const given = useMemo(
    () => ({ ...props, slots: { cell: PresentCell, ...slots }, sx: [EDITORS_SX, ...(Array.isArray(sx) ? sx : [sx])] }),
    [props, slots, sx],
  )
  return (
    <EditorsContext.Provider value={editors}>
      <Grid {...all} props={given} />
      <Box aria-live="polite" aria-atomic="false" aria-relevant="additions" sx={UNSEEN}>
        {said.map(({ key, text }) => (
          <div key={key}>{text}</div>
        ))}
      </Box>
    </EditorsContext.Provider>
  )
}

/** What this tab says of itself: `{"desk.Ticket": [[7, "title"]]}`; nothing where nothing is edited. A room has little room for it. */
function metaOf(stream: string, edits: readonly Edit[]): PresenceMeta | null {
  return edits.length ? { [stream]: edits.slice(0, 3).map(({ id, fields }) => [id, ...fields.slice(0, 10)]) } : null
}

type Member = PresenceMember<PresenceMeta, object>

const elsewhere = ({ tabs }: Member, tab: string | null): Member['tabs'] => tabs.filter(each => each.id !== tab)

interface Edited {
  readonly id: RowId
  readonly field: string
  readonly names: Set<string>
}

const NOBODY: ReadonlyMap<string, Edited> = new Map()

/** Who edits what, by cell. What others say of themselves may be anything. */
function editorsOf(stream: string, members: readonly Member[]): ReadonlyMap<string, Edited> {
  const found = new Map<string, Edited>()
  for (const { user, tabs } of members)
    for (const { meta } of tabs)
      for (const edit of listOf(meta[stream])) {
        const [id, ...fields] = listOf(edit) as [RowId, ...unknown[]]
        for (const field of fields) {
          const key = cellKey(id, String(field))
          const { names } = found.get(key) ?? { names: new Set<string>() }
          found.set(key, { id, field: String(field), names: names.add(user ? textOf(user as never) : '?') })
        }
      }
  return found
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** What a row is called: by the first of its columns that is a text, as cards are. */
function nameOf(row: TableRow, columns: readonly TableColumn[]): string {
  const head = columns.find(({ described }) => described?.type === 'string') ?? columns[0]
  return plainText(head && row[head.field]) || `#${row.id}`
}

interface Said {
  readonly key: string
  readonly who: string
  readonly text: string
}

/** Who edits a cell, for each of them to follow by itself: where somebody begins, one cell renders. */
interface Editors {
  readonly subscribe: (callback: () => void) => () => void
  readonly at: (key: string) => Said | undefined
}

const EditorsContext = createContext<Editors>({ subscribe: () => () => undefined, at: () => undefined })

function useEditors(said: readonly Said[]): Editors {
  const listeners = useRef(new Set<() => void>())
  const latest = useRef<ReadonlyMap<string, Said>>(new Map())
  useLayoutEffect(() => {
    const before = latest.current
    const same = (each: Said): Said => {
      const old = before.get(each.key)
      return old?.text === each.text ? old : each
    }
    latest.current = new Map(said.map(each => [each.key, same(each)]))
    for (const callback of listeners.current) callback()
  }, [said])
  return useMemo(
    () => ({
      subscribe: callback => {
        listeners.current.add(callback)
        return () => void listeners.current.delete(callback)
      },
      at: key => latest.current.get(key),
    }),
    [],
  )
}

const PresentCell: NamedExoticComponent<GridCellProps> = memo(function PresentCell(props: GridCellProps) {
  const { subscribe, at } = useContext(EditorsContext)
  const key = cellKey(props.rowId, props.column.field)
  const said = useSyncExternalStore(
    subscribe,
    () => at(key),
    () => undefined,
  )
  return <GridCell {...props} {...(said && { title: said.text, 'data-editors': said.who })} />
})

const EDITORS_SX = {
  '& [data-editors]': { boxShadow: (theme: Theme) => `inset 0 0 0 2px ${(theme.vars ?? theme).palette.info.main}` },
  // What is pinned is positioned already.
  '& [data-editors]:not(.MuiDataGrid-cell--pinnedLeft):not(.MuiDataGrid-cell--pinnedRight)': { position: 'relative' },
  '& [data-editors]::after': {
    content: ['attr(data-editors)', 'attr(data-editors) / ""'],
    position: 'absolute',
    top: 0,
    right: 0,
    maxWidth: '100%',
    px: 0.5,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    fontSize: 10,
    lineHeight: '14px',
    borderBottomLeftRadius: 4,
    bgcolor: 'info.dark',
    color: 'common.white',
    pointerEvents: 'none',
  },
} as const satisfies SxProps<Theme>

const UNSEEN = {
  position: 'absolute',
  width: '1px',
  height: '1px',
  overflow: 'hidden',
  clipPath: 'inset(50%)',
  whiteSpace: 'nowrap',
} as const
