import { BindingError } from '@channels-binding/core'
import { afterEach, expect, it, vi } from 'vitest'
import { columnsOf } from '../../src/table/columns.js'
import { csvLines, isExported, saveCsv } from '../../src/table/exportCsv.js'
import type { TableRow } from '../../src/table/row.js'
import { stage, TICKETS } from '../helpers.js'

afterEach(() => void vi.unstubAllGlobals())

const COLUMNS = [
  { field: 'title', headerName: 'Title' },
  { field: 'votes', headerName: 'Votes' },
  { field: 'owner', headerName: 'Owner' },
]

async function textOf(lines: AsyncIterable<{ text: string }>): Promise<string> {
  let text = ''
  for await (const line of lines) text += line.text
  return text
}

it('has every row of the query, however many pages there are, and no formulas', async () => {
  const { client, server } = stage({ 'desk.Ticket': TICKETS })
  server.update('desk.Ticket', 1, { title: '=HYPERLINK("http://evil")', votes: -5 })
  server.update('desk.Ticket', 2, { title: 'a, "b"\nc' })
  const signal = new AbortController().signal
  const text = await textOf(csvLines(client, 'desk.Ticket', { order: 'id', page: 3, limit: 2 }, COLUMNS, signal))
  expect(text).toBe(
    '\uFEFFTitle,Votes,Owner\r\n"\'=HYPERLINK(""http://evil"")",-5,Ann\r\n"a, ""b""\nc",3,Ben\r\nMouse,7,\r\n',
  )
})

it('has the words that the table shows, and numbers, times and addresses as other programs read them', async () => {
  const { client, server } = stage({ 'desk.Ticket': TICKETS })
  const row = {
    id: 1,
    status: 'open',
    tags: ['a', 'b'],
    votes: 1200,
    cost: '1200.50',
    at: '2026-01-02T03:04:05.000006Z',
    file: '/a/b%20c.txt',
  }
  server.handle('desk.Ticket.search', () => ({ rows: [row] }))
  const choices = [
    { value: 'open', label: 'Offen' },
    { value: 'a', label: 'A!' },
  ]
  const fields = [
    { name: 'status', label: 'Status', type: 'choice', choices },
    { name: 'tags', label: 'Tags', type: 'choice', multiple: true, choices },
    { name: 'votes', label: 'Votes', type: 'integer' },
    { name: 'cost', label: 'Cost', type: 'decimal' },
    { name: 'at', label: 'At', type: 'datetime' },
    { name: 'file', label: 'File', type: 'file' },
  ] as never[]
  const own = [
    { field: 'double', headerName: 'Double', valueGetter: (_value: never, row: TableRow) => Number(row.votes) * 2 },
    { field: 'price', valueGetter: () => 5, valueFormatter: (value: number) => `${value} €` },
    { field: 'picture', renderCell: () => null },
    { field: 'secret', valueGetter: () => 1, disableExport: true },
  ]
  const asked = ['status', 'tags', 'votes', { field: 'cost', valueFormatter: () => '1,200.50' }, 'at', 'file']
  const described = columnsOf({ fields, can: {} } as never, asked, { editable: false, labels: () => undefined })
  const cells = [...described, ...own].filter(column => isExported(column as never)) as never[]
  const text = await textOf(csvLines(client, 'desk.Ticket', {}, cells, new AbortController().signal))
  expect(text.split('\r\n').slice(0, 2)).toEqual([
    '\uFEFFStatus,Tags,Votes,Cost,At,File,Double,price',
    'Offen,"A!, b",1200,1200.50,2026-01-02T03:04:05.000006Z,/a/b%20c.txt,2400,5 €',
  ])
})

it('goes by pages where the stream knows no places', async () => {
  const { client, server } = stage({ 'desk.Ticket': TICKETS })
  server.handle('desk.Ticket.search', data => {
    const { after, page } = data as { after?: string; page?: number }
    if (after !== undefined)
      throw new BindingError('invalid', 'No.', { fields: { after: [{ code: 'unknown', message: 'No.' }] } })
    return { rows: [{ id: page, title: `page ${page}` }], has_next: page === 1 }
  })
  const lines = csvLines(client, 'desk.Ticket', {}, COLUMNS.slice(0, 1), new AbortController().signal)
  expect(await textOf(lines)).toBe('\uFEFFTitle\r\npage 1\r\npage 2\r\n')
})

it('writes as rows come where the browser lets it, else when all are there', async () => {
  const written: string[] = []
  const write = vi.fn(async (text: string) => void written.push(text))
  const close = vi.fn(async () => undefined)
  async function* lines(): AsyncGenerator<{ text: string; rows: number }> {
    yield { text: 'a', rows: 1 }
    yield { text: 'b', rows: 2 }
  }
  const onRows = vi.fn()
  vi.stubGlobal('showSaveFilePicker', async () => ({ createWritable: async () => ({ write, close }) }))
  await saveCsv(lines(), 'x.csv', onRows)
  expect(written).toEqual(['a', 'b'])
  expect(close).toHaveBeenCalledOnce()
  expect(onRows.mock.calls.flat()).toEqual([1, 3])
  vi.unstubAllGlobals()
  const createObjectURL = vi.fn((_blob: Blob) => 'blob:x')
  Object.assign(URL, { createObjectURL, revokeObjectURL: vi.fn() })
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined)
  await saveCsv(lines(), 'x.csv', onRows)
  expect(createObjectURL.mock.calls[0]?.[0].size).toBe(2)
  expect(click).toHaveBeenCalledOnce()
})
