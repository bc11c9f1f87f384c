import { BindingError, type BindingName, type ChannelsClient, type Labels } from '@channels-binding/core'
import { labelOf } from '../text.js'
import type { TableColumn, TableRow } from './row.js'

interface Part {
  readonly rows: readonly TableRow[]
  readonly labels?: Labels
  readonly has_next?: boolean
  readonly end: string | null
}

const MOST_ROWS = 500

/** Every row of a query as lines of CSV, page by page, by places in the order: what moves meanwhile is neither lost nor twice. */
export async function* csvLines(
  client: ChannelsClient,
  binding: BindingName,
  params: Readonly<Record<string, unknown>>,
  columns: readonly TableColumn[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly text: string; readonly rows: number }> {
  yield { text: `\uFEFF${lineOf(columns.map(({ headerName, field }) => headerName ?? field))}`, rows: 0 }
  const { page: _page, limit: _limit, ...asked } = params
  let place: object = { after: '' }
  let page = 1
  for (let hasNext = true; hasNext; ) {
    const ask = (at: object): Promise<Part> => {
      const data = { ...asked, ...at, limit: MOST_ROWS, labels: true, live: false }
      return client.call(`${binding}.search` as never, data as never, { signal }) as unknown as Promise<Part>
    }
    const part = await ask(place).catch(error => {
      // A stream with pages of its own knows no places.
      if (page > 1 || !BindingError.from(error).fields?.after) throw error
      place = { page, count: false }
      return ask(place)
    })
    const text = part.rows
      .map(row => lineOf(columns.map(column => cellText(exportedValue(column, row), part.labels?.[column.field]))))
      .join('')
    yield { text, rows: part.rows.length }
    hasNext = part.has_next ?? false
    page += 1
    place = 'after' in place ? { after: part.end } : { page, count: false }
  }
}

/** Writes the lines to a file: as they come where the browser lets it, else when all are there. */
export async function saveCsv(
  lines: AsyncIterable<{ readonly text: string; readonly rows: number }>,
  name: string,
  onRows: (rows: number) => void,
): Promise<void> {
  let rows = 0
  const parts: string[] = []
  const file = await pickFile(name)
  for await (const line of lines) {
    rows += line.rows
    onRows(rows)
    if (file) await file.write(line.text)
    else parts.push(line.text)
  }
  if (file) return file.close()
  const url = URL.createObjectURL(new Blob(parts, { type: 'text/csv;charset=utf-8' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

interface Writable {
  readonly write: (text: string) => Promise<void>
  readonly close: () => Promise<void>
}

interface Picker {
  readonly showSaveFilePicker?: (options: object) => Promise<{ createWritable: () => Promise<Writable> }>
}

async function pickFile(suggestedName: string): Promise<Writable | null> {
  const { showSaveFilePicker } = window as Picker
  if (!showSaveFilePicker) return null
  const handle = await showSaveFilePicker.call(window, { suggestedName })
  return handle.createWritable()
}

/** Columns that a file has: those with values, of the stream's or of the application's own. */
export const isExported = (column: TableColumn): boolean =>
  !column.disableExport &&
  column.type !== 'actions' &&
  !!(column.described || column.valueGetter || column.valueFormatter)

const AS_IT_IS = new Set(['number', 'date', 'dateTime', 'boolean'])

type Maker = ((...args: unknown[]) => unknown) | undefined

/** What a file has of a cell: words as the table shows them; numbers, times and addresses of files as other programs read them. */
function exportedValue(column: TableColumn, row: TableRow): unknown {
  const raw = row[column.field]
  const { described, type = 'string' } = column
  const isAsItIs = AS_IT_IS.has(type) || described?.type === 'decimal'
  if (described && (isAsItIs || described.relation || described.type === 'file' || described.type === 'image'))
    return raw
  const get = column.valueGetter as Maker
  const format = column.valueFormatter as Maker
  const value = get ? get(raw, row, column, null) : raw
  if (isAsItIs) return value instanceof Date ? value.toISOString() : value
  return format ? format(value, row, column, null) : value
}

function cellText(value: unknown, labels: Readonly<Record<string, string>> | undefined): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(each => cellText(each, labels)).join(', ')
  const label = labelOf(labels, value)
  if (label !== undefined) return harmless(label)
  if (typeof value === 'object') return JSON.stringify(value)
  return typeof value === 'string' ? harmless(value) : String(value)
}

/** Text that a spreadsheet would take for a formula is text there, too (OWASP, "CSV injection"). Numbers stay numbers. */
const harmless = (text: string): string =>
  /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+([.,]\d+)?$/.test(text) ? `'${text}` : text

const lineOf = (cells: readonly string[]): string =>
  `${cells.map(cell => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`
