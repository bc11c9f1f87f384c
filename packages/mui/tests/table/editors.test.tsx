import { act, fireEvent, screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { type Stage, stage, TICKETS } from '../helpers.js'
import { cell, Table } from './grid.js'

const { describe, rows = [] } = TICKETS
const fields = describe?.fields?.map(field => ({ ...field, editable: field.name !== 'id' }))
const tables = { 'desk.Ticket': { ...TICKETS, rows, describe: { ...describe, ...(fields && { fields }) } } }
const SEEN = new Date('2026-11-22T13:30:00Z')
/** A moment as a native field has it, in the time zone of the browser. */
const two = (part: number): string => String(part).padStart(2, '0')
const local = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`

const stored = ({ server }: Stage, id = 1): unknown => server.rows('desk.Ticket').find(row => row.id === id)

/** The field in the cell of a row, once it is being edited. */
async function open(world: Stage, id: number, field: string, props: object = {}): Promise<HTMLInputElement> {
  world.show(<Table editable columns={['title', field]} {...props} />)
  await cell('Printer')
  const found = document.querySelector(`[data-id="${id}"] [data-field="${field}"]`) as HTMLElement
  await world.user.dblClick(found)
  return waitFor(() => {
    const input = document.querySelector<HTMLInputElement>(`[data-id="${id}"] [data-field="${field}"] input`)
    if (!input) throw new Error('not yet')
    return input
  })
}

it('edits a day as a day, and none as none', async () => {
  const world = stage(tables)
  const input = await open(world, 1, 'due')
  expect(input).toHaveAttribute('type', 'date')
  expect(input).toHaveAttribute('max', '9999-12-31')
  expect(input).toHaveAccessibleName('Due')
  expect(input).toHaveValue('2026-11-22')
  expect(input).toHaveFocus()
  fireEvent.change(input, { target: { value: '2026-12-24' } })
  await world.user.keyboard('{Enter}')
  await waitFor(() => expect(stored(world)).toMatchObject({ due: '2026-12-24' }))
})

it('takes a day away', async () => {
  const world = stage(tables)
  const input = await open(world, 1, 'due')
  fireEvent.change(input, { target: { value: '' } })
  await world.user.keyboard('{Enter}')
  await waitFor(() => expect(stored(world)).toMatchObject({ due: null }))
})

it('gives a day to a row that had none', async () => {
  const world = stage(tables)
  const input = await open(world, 2, 'due')
  expect(input).toHaveValue('')
  fireEvent.change(input, { target: { value: '0099-01-02' } })
  await world.user.keyboard('{Enter}')
  await waitFor(() => expect(stored(world, 2)).toMatchObject({ due: '0099-01-02' }))
})

it('edits a moment to the second, in the time zone of the browser', async () => {
  const world = stage(tables)
  const input = await open(world, 2, 'seen')
  expect(input).toHaveAttribute('type', 'datetime-local')
  expect(input).toHaveAttribute('step', '1')
  expect(input.value.padEnd(19, ':00')).toBe(local(SEEN))
  const later = new Date(SEEN.getTime() + 3_605_000)
  fireEvent.change(input, { target: { value: local(later) } })
  await world.user.keyboard('{Enter}')
  await waitFor(() => expect(new Date((stored(world, 2) as { seen: string }).seen).getTime()).toBe(later.getTime()))
})

it('ticks and unticks yes and no', async () => {
  const world = stage(tables)
  const input = await open(world, 1, 'urgent')
  expect(input).toHaveAccessibleName('Urgent')
  expect(input).toBeChecked()
  expect(input).toHaveFocus()
  await world.user.click(input)
  expect(input).not.toBeChecked()
  await world.user.keyboard('{Enter}')
  await waitFor(() => expect(stored(world)).toMatchObject({ urgent: false }))
})

it.each(['due', 'urgent'])('calls the field of a column without a heading by its name: %s', async field => {
  const world = stage(tables)
  const type = field === 'due' ? 'date' : 'boolean'
  const columns = ['title', { field, headerName: undefined, type, editable: true }]
  const input = await open(world, 1, field, { columns })
  expect(input.getAttribute('aria-label')?.toLowerCase()).toBe(field)
})

it('lets the focus be where it is while a whole row is edited', async () => {
  const world = stage(tables)
  const input = await open(world, 1, 'title', { columns: ['title', 'due', 'urgent'], editMode: 'row' })
  expect(input).toHaveFocus()
  const due = screen.getByLabelText('Due')
  expect(due).not.toHaveFocus()
  act(() => due.focus())
  expect(due).toHaveFocus()
})

it('shows a value that its editor cannot take, and keeps the page', async () => {
  const value = { toString: 1 }
  const [row] = rows
  const world = stage({ 'desk.Ticket': { ...tables['desk.Ticket'], rows: [{ ...row, id: 1, title: value }] } })
  world.show(<Table editable columns={['title', 'votes']} />)
  await cell('1,200')
  const hostile = document.querySelector('[data-id="1"] [data-field="title"]') as HTMLElement
  await world.user.dblClick(hostile)
  await waitFor(() => expect(document.querySelector('.MuiDataGrid-cell--editing')).toHaveTextContent('{"toString":1}'))
  expect(screen.getByText('1,200')).toBeVisible()
})
