import { act, screen, waitFor } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { type Stage, stage, TICKETS } from '../helpers.js'
import { cell, editor, Table, titles } from './grid.js'

async function typing(props: object = {}): Promise<Stage> {
  const world = stage({ 'desk.Ticket': TICKETS })
  world.show(<Table editable columns={['title', 'votes']} order="title" {...props} />)
  await world.user.dblClick(await cell('Printer'))
  await world.user.clear(editor())
  await world.user.keyboard('Plotter')
  return world
}

const press = (world: Stage, name: string): Promise<void> => world.user.click(screen.getByRole('button', { name }))
const title = ({ server }: Stage): unknown => server.rows('desk.Ticket').find(row => row.id === 1)?.title

it('holds a row that has moved to another page while it is edited, says where it is, and saves it there', async () => {
  const world = await typing({ pageSize: 2, pageSizeOptions: [2] })
  expect(screen.queryAllByRole('row')).toHaveLength(3)
  act(() => void world.server.update('desk.Ticket', 1, { title: 'Zebra' }))
  expect(await screen.findByText('The row you are editing has moved to page 2.')).toBeInTheDocument()
  expect(editor()).toHaveValue('Plotter')
  expect(document.querySelector('.cb-held')).toHaveAttribute('data-id', '1')
  act(() => void world.server.update('desk.Ticket', 1, { title: 'Printer', votes: 1 }))
  await waitFor(() => expect(document.querySelector('.cb-held')).toBeNull())
  expect(editor()).toHaveValue('Plotter')
  await world.user.click(editor())
  await world.user.keyboard('{Enter}')
  await waitFor(() => expect(title(world)).toBe('Plotter'))
})

it('keeps what was typed into a row that was deleted: it can be copied, saved as a new one, or dropped', async () => {
  const error = vi.spyOn(console, 'error')
  const world = await typing()
  const writeText = vi.spyOn(navigator.clipboard, 'writeText')
  act(() => world.server.remove('desk.Ticket', 1))
  expect(await screen.findByText(/was deleted/)).toBeInTheDocument()
  expect(editor()).toHaveValue('Plotter')
  await press(world, 'Copy')
  expect(writeText).toHaveBeenCalledExactlyOnceWith('Plotter')
  await press(world, 'Save as new')
  await waitFor(() => expect(document.querySelector('.cb-held')).toBeNull())
  expect(world.server.rows('desk.Ticket').map(row => row.title)).toEqual(['Screen', 'Mouse', 'Plotter'])
  expect(world.server.rows('desk.Ticket').at(-1)).toMatchObject({ title: 'Plotter', votes: 1200 })
  await waitFor(() => expect(titles()).toEqual(['Mouse', 'Plotter', 'Screen']))
  expect(error).not.toHaveBeenCalled()
})

it('lets go of the row when the draft is dropped', async () => {
  const world = await typing()
  act(() => world.server.remove('desk.Ticket', 1))
  await screen.findByText(/was deleted/)
  await press(world, 'Drop')
  await waitFor(() => expect(titles()).toEqual(['Mouse', 'Screen']))
  expect(screen.queryByText(/was deleted/)).not.toBeInTheDocument()
})

it('does not save over a row that is gone, and says so', async () => {
  const world = await typing()
  act(() => world.server.remove('desk.Ticket', 1))
  await screen.findByText(/was deleted/)
  await world.user.click(editor())
  await world.user.keyboard('{Enter}')
  await waitFor(() => expect(screen.getAllByRole('alert').length).toBeGreaterThan(1))
  expect(editor()).toHaveValue('Plotter')
})
