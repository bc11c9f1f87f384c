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
  expect(set(null, { id: 1 })).toEqual({ id: 1, due: null })
})
