import { columnsOf } from '@channels-binding/mui/table'
import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'
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
  expect(editable()).toEqual(['title', 'status', 'votes', 'price', 'urgent', 'due'])
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
