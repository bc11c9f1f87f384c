import { BindingError } from '@channels-binding/core'
import { render, screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'
import TableToolbar from '../../src/table/TableToolbar.js'
import { tables } from '../filters/tables.js'
import { type Stage, stage, violations } from '../helpers.js'
import { cell, header, Table, titles } from './grid.js'

beforeEach(() => localStorage.clear())

const ordering = ['title', 'votes', 'status']
const described = {
  ...tables,
  'desk.Ticket': { ...tables['desk.Ticket'], describe: { ...tables['desk.Ticket'].describe, ordering, search: true } },
}

async function open(props: object = {}): Promise<Stage> {
  const world = stage(described)
  world.show(<Table toolbar columns={['title', 'status', 'votes']} {...props} />)
  await cell('Printer')
  await screen.findByRole('toolbar', { name: 'Table' })
  return world
}

const press = async ({ user }: Stage, name: string | RegExp): Promise<void> =>
  user.click(await screen.findByRole('button', { name }))
const headers = (): (string | null)[] => screen.getAllByRole('columnheader').map(each => each.textContent)

it('searches, filters and shows by what, and lets each be taken away', async () => {
  const world = await open()
  expect(await violations()).toEqual([])
  await world.user.type(screen.getByRole('searchbox', { name: 'Search' }), 'r')
  await waitFor(() => expect(titles()).toEqual(['Printer', 'Screen']))
  await press(world, 'Filters')
  await world.user.click(await screen.findByRole('combobox', { name: 'State' }))
  await world.user.click(await screen.findByRole('option', { name: 'Done' }))
  await waitFor(() => expect(titles()).toEqual(['Screen']))
  await world.user.keyboard('{Escape}')
  const chip = await screen.findByRole('button', { name: 'Remove the filter State: Done' })
  chip.focus()
  await world.user.keyboard('{Delete}')
  await waitFor(() => expect(titles()).toEqual(['Printer', 'Screen']))
})

it('has the filters of a column in its menu', async () => {
  const world = await open()
  await world.user.click(
    within(header('Status').closest('[role="columnheader"]') as HTMLElement).getByLabelText(/menu/i),
  )
  await world.user.click(await screen.findByRole('menuitem', { name: 'Filter' }))
  await world.user.click(await screen.findByRole('combobox', { name: 'State' }))
  expect(screen.queryByRole('textbox', { name: 'Title has' })).not.toBeInTheDocument()
  await world.user.click(await screen.findByRole('option', { name: 'Open' }))
  await waitFor(() => expect(titles()).toEqual(['Printer', 'Mouse']))
})

it('orders by several columns', async () => {
  const world = await open()
  await press(world, 'Order')
  const add = async (name: string): Promise<void> => {
    await world.user.click(await screen.findByRole('combobox', { name: /by$/ }))
    await world.user.click(await screen.findByRole('option', { name }))
  }
  await add('Status')
  await add('Title')
  await waitFor(() => expect(titles()).toEqual(['Screen', 'Mouse', 'Printer']))
  expect(world.server.requests('search').at(-1)?.data).toMatchObject({ order: ['status', 'title'] })
  await press(world, 'Title: ascending')
  await waitFor(() => expect(titles()).toEqual(['Screen', 'Printer', 'Mouse']))
  await press(world, 'Do not order by Status')
  await waitFor(() => expect(titles()).toEqual(['Screen', 'Printer', 'Mouse']))
  expect(world.server.requests('search').at(-1)?.data).toMatchObject({ order: '-title' })
})

it('hides, moves and packs columns, and keeps that with the filters as a view', async () => {
  const world = await open({ views: 'tickets' })
  await press(world, 'Columns')
  await world.user.click(await screen.findByRole('checkbox', { name: 'Votes' }))
  await press(world, 'Move Status to the front')
  await waitFor(() => expect(document.querySelectorAll('[role="columnheader"]')).toHaveLength(2))
  await press(world, 'Compact')
  await world.user.keyboard('{Escape}')
  await waitFor(() => expect(headers()).toEqual(['Status', 'Title']))
  expect(document.querySelector('.MuiDataGrid-root--densityCompact')).toBeInTheDocument()
  await press(world, 'Views')
  await world.user.type(await screen.findByRole('textbox', { name: 'Name of the view' }), 'Mine{Enter}')
  expect(await screen.findByRole('button', { name: 'Mine' })).toBeInTheDocument()
  await world.user.keyboard('{Escape}')
  await press(world, 'Columns')
  await world.user.click(await screen.findByRole('checkbox', { name: 'Votes' }))
  await world.user.keyboard('{Escape}')
  await waitFor(() => expect(headers()).toEqual(['Status', 'Title', 'Votes']))
  await press(world, 'Views')
  await press(world, 'Mine')
  await world.user.keyboard('{Escape}')
  await waitFor(() => expect(headers()).toEqual(['Status', 'Title']))
  await press(world, 'Views')
  await press(world, 'Delete the view Mine')
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Mine' })).not.toBeInTheDocument())
  expect(localStorage.getItem('channels-binding:views:tickets')).toBe('[]')
})

it('says that a file could not be made, and makes it when it is asked for once more', async () => {
  const world = await open({ columns: ['title', { field: 'points', valueGetter: () => 1 }, 'votes'], query: 'r' })
  const made = vi.fn(() => 'blob:x')
  vi.stubGlobal('URL', Object.assign(URL, { createObjectURL: made, revokeObjectURL: vi.fn() }))
  world.server.handle('desk.Ticket.search', () => {
    throw new BindingError('unavailable', 'The database does not answer.')
  })
  await press(world, 'CSV')
  expect(await screen.findByRole('button', { name: 'CSV failed, again' })).toHaveAttribute(
    'title',
    'The database does not answer.',
  )
  expect(made).not.toHaveBeenCalled()
})

it('stops making a file when that is wished, and complains of nothing', async () => {
  const world = await open()
  world.server.hold()
  await press(world, 'CSV')
  await press(world, /of 3 rows, stop/)
  expect(await screen.findByRole('button', { name: 'CSV' })).not.toHaveAttribute('title')
  world.server.release()
})

it.each([
  ['no file is chosen', 'AbortError', 'CSV'],
  ['the disk is full', 'QuotaExceededError', 'CSV failed, again'],
])('says what keeps a file from being written, where %s', async (_when, name, said) => {
  const world = await open()
  vi.stubGlobal('showSaveFilePicker', () => Promise.reject(new DOMException('There is no room.', name)))
  await press(world, 'CSV')
  await waitFor(() => expect(screen.getByRole('button', { name: said })).toBeInTheDocument())
  expect(screen.getByRole('button', { name: said }).title).toBe(said === 'CSV' ? '' : 'There is no room.')
})

it('offers only the filters that the application names', async () => {
  const world = await open({ filterNames: ['status'] })
  await press(world, 'Filters')
  expect(await screen.findByRole('combobox', { name: 'State' })).toBeInTheDocument()
  expect(screen.queryByRole('textbox', { name: 'Title has' })).not.toBeInTheDocument()
})

it('is of a table, and nothing without one', () => {
  const { container } = render(<TableToolbar />)
  expect(container).toBeEmptyDOMElement()
})
