import { columnsOf } from '@channels-binding/mui/table'
import { act, render, screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { stage, TICKETS } from '../helpers.js'
import { cell, Table } from './grid.js'

it('makes its columns of what the server says of the fields', async () => {
  const { show } = stage({ 'desk.Ticket': TICKETS })
  show(<Table />)
  await cell('Printer')
  const headers = screen.getAllByRole('columnheader').map(header => header.textContent)
  expect(headers).toEqual(['Title', 'Status', 'Votes', 'Price', 'Urgent', 'Due', 'Seen', 'Owner', 'Extra'])
  const first = within(screen.getAllByRole('row')[1] as HTMLElement)
  const texts = first.getAllByRole('gridcell').map(({ textContent }) => textContent)
  const due = new Date(2026, 10, 22).toLocaleDateString()
  expect(texts).toEqual(['Printer', 'Open', (1200).toLocaleString(), '9.90', 'yes', due, '', 'Ann', '{"a":1}'])
  expect(screen.getByText(new Date('2026-11-22T13:30:00Z').toLocaleString())).toBeInTheDocument()
  expect(screen.getByRole('grid', { name: 'tickets' })).toBeInTheDocument()
})

it('shows the columns that are asked for, described where they can be', async () => {
  const { show } = stage({ 'desk.Ticket': TICKETS })
  const shout = { field: 'title', valueGetter: (value: string) => value.toUpperCase() }
  show(<Table columns={['status', shout, { field: 'own', headerName: 'Own', valueGetter: () => 'mine' }]} />)
  await cell('PRINTER')
  expect(screen.getAllByRole('columnheader').map(header => header.textContent)).toEqual(['Status', 'Title', 'Own'])
  expect(screen.getAllByText('mine')).toHaveLength(3)
})

it('lets nobody edit what the server does not let this user change', () => {
  const fields = TICKETS.describe?.fields ?? []
  const description = { fields, can: { create: false, update: true, delete: false } } as never
  const options = { editable: true, labels: () => undefined }
  const editable = (): (string | undefined)[] =>
    columnsOf(description, undefined, options).flatMap(column => (column.editable ? column.field : []))
  expect(editable()).toEqual(['title', 'status', 'votes', 'price', 'urgent', 'due', 'owner'])
  Object.assign(description, { can: { create: true, update: false, delete: true } })
  expect(editable()).toEqual([])
})

it('reads and writes a day without shifting it', () => {
  const description = { fields: TICKETS.describe?.fields, can: { update: true } } as never
  const [due] = columnsOf(description, ['due'], { editable: true, labels: () => undefined })
  const get = due?.valueGetter as unknown as (value: unknown) => Date
  const set = due?.valueSetter as unknown as (value: Date | null, row: object) => object
  expect(get('2026-11-22')).toEqual(new Date(2026, 10, 22))
  expect(set(new Date(2026, 0, 2), { id: 1 })).toEqual({ id: 1, due: '2026-01-02' })
  expect(set(null, { id: 1, due: '2026-11-22' })).toEqual({ id: 1, due: null })
})

it.each([
  ['seen', '2026-11-22T13:30:00.123456+01:00'],
  ['seen', '2026-11-22T13:30:00Z'],
  ['seen', null],
  ['due', '2026-11-22'],
  ['due', '0050-01-02'],
])('leaves %s %j as it is where its editor changes nothing', (name, value) => {
  const fields = [
    { name: 'seen', label: 'Seen', type: 'datetime', editable: true },
    { name: 'due', label: 'Due', type: 'date', editable: true },
  ]
  const [column] = columnsOf({ fields, can: { update: true } } as never, [name], {
    editable: true,
    labels: () => undefined,
  })
  const get = column?.valueGetter as unknown as (value: unknown) => Date | null
  const set = column?.valueSetter as unknown as (value: Date | null, row: object) => object
  const row = { id: 1, [name]: value }
  expect(set(get(value), row)).toBe(row)
  const later = new Date((get(value) ?? new Date()).getTime() + 86_400_000)
  expect(get((set(later, row) as Record<string, unknown>)[name])?.getDate()).toBe(later.getDate())
})

it('keeps every digit of a whole number that is typed', () => {
  const fields = [{ name: 'votes', label: 'Votes', type: 'integer', editable: true }]
  const [votes] = columnsOf({ fields, can: { update: true } } as never, ['votes'], {
    editable: true,
    labels: () => undefined,
  })
  const parse = votes?.valueParser as unknown as (value: unknown) => unknown
  expect([parse('12'), parse('12345678901234567890'), parse('')]).toEqual([12, '12345678901234567890', null])
})

it('shows what it can of a value that no column expects, and the rest of the table', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const hostile = { toString: 1 }
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  const price = new Intl.NumberFormat()
  const columns = [
    'title',
    { field: 'votes', valueFormatter: (value: number) => price.format(Number(value)) },
    { field: 'status', renderCell: ({ value }: { value: unknown }) => <b>{`${value}!`}</b> },
    'due',
    'seen',
    'owner',
    'urgent',
    { field: 'price', valueGetter: (value: string) => value.trim() },
  ] as never
  show(<Table columns={columns} />)
  await cell('Printer')
  const values = Object.fromEntries(
    ['votes', 'status', 'due', 'seen', 'owner', 'urgent', 'price'].map(name => [name, hostile]),
  )
  act(() => void server.update('desk.Ticket', 1, values))
  await waitFor(() => expect(screen.getAllByText('{"toString":1}').length).toBeGreaterThan(1))
  expect(await cell('Printer')).toBeInTheDocument()
  expect(await cell('Screen')).toBeInTheDocument()
  act(() => void server.update('desk.Ticket', 1, { status: 'open' }))
  await cell('open!')
  error.mockRestore()
})

it('keeps the fraction of a second that no editor shows, where the second is that of before', () => {
  const fields = [{ name: 'seen', label: 'Seen', type: 'datetime', editable: true }]
  const [seen] = columnsOf({ fields, can: { update: true } } as never, ['seen'], {
    editable: true,
    labels: () => undefined,
  })
  const set = seen?.valueSetter as unknown as (value: Date, row: object) => object
  const row = { id: 1, seen: '2026-11-22T13:30:05.123456Z' }
  expect(set(new Date('2026-11-23T13:30:05Z'), row)).toEqual({ id: 1, seen: '2026-11-23T13:30:05.123456Z' })
  expect(set(new Date('2026-11-23T13:30:06Z'), row)).toEqual({ id: 1, seen: '2026-11-23T13:30:06.000Z' })
})

it('links to a file by its name', () => {
  const description = { fields: [{ name: 'poster', label: 'Poster', type: 'image' }], can: {} } as never
  const [column] = columnsOf(description, ['poster'], { editable: true, labels: () => undefined })
  const format = column?.valueFormatter as unknown as (value: unknown) => string
  expect([format('/media/a/cover%201.png?sig=x'), format(null)]).toEqual(['cover 1.png', ''])
  render(<>{column?.renderCell?.({ value: '/media/a/cover.png' } as never)}</>)
  expect(screen.getByRole('link', { name: 'cover.png' })).toHaveAttribute('href', '/media/a/cover.png')
})

it('gives a moment the room that it takes', () => {
  const description = { fields: [{ name: 'seen', label: 'Seen', type: 'datetime' }], can: {} } as never
  const [column] = columnsOf(description, ['seen'], { editable: true, labels: () => undefined })
  expect(column?.minWidth).toBeGreaterThanOrEqual(190)
})

it('warns once of a name that the server does not know, and of no column of one’s own', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const { show } = stage({ 'desk.Ticket': TICKETS })
  const view = show(<Table columns={['title', 'titel', { field: 'own' }]} totals={['sum:titel']} />)
  await cell('Printer')
  view.rerender(<Table columns={['title', 'titel', { field: 'own' }]} totals={['sum:titel']} />)
  await waitFor(() => expect(warn).toHaveBeenCalledTimes(2))
  const told = warn.mock.calls.map(([message]) => String(message)).sort()
  expect(told[0]).toMatch(/^desk.Ticket has no field 'titel' for this user; there are: id, title, /)
  expect(told[1]).toMatch(/^desk.Ticket has no measure 'sum:titel' for this user; there are: /)
  warn.mockRestore()
})
