import { act, screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { type Stage, stage, TICKETS, violations } from '../helpers.js'
import { cell, editor, Table } from './grid.js'

type TableOptions = Parameters<typeof stage>[0][string]

/** A table of which the first title is being edited, and something was typed. */
async function typing(text = 'Plotter', options: TableOptions = TICKETS): Promise<Stage> {
  const world = stage({ 'desk.Ticket': options })
  world.show(<Table editable columns={['title', 'votes', 'owner', 'seen']} />)
  await world.user.dblClick(await cell('Printer'))
  await world.user.clear(editor())
  if (text) await world.user.keyboard(text)
  return world
}

const stored = ({ server }: Stage): unknown => server.rows('desk.Ticket')[0]
const saves = ({ server }: Stage): unknown[] => server.requests('save').map(({ data }) => data)

it('sends the changed field alone, and the version of what was seen', async () => {
  const world = await typing()
  await world.user.keyboard('{Enter}')
  await waitFor(() => expect(stored(world)).toMatchObject({ title: 'Plotter' }))
  expect(saves(world)).toEqual([{ id: 1, title: 'Plotter' }])
  expect(world.server.requests('save')[0]?.if).toEqual(expect.any(String))
})

it('keeps what others have changed beside it', async () => {
  const world = await typing()
  act(() => void world.server.update('desk.Ticket', 1, { votes: 5 }))
  await cell('5')
  await world.user.keyboard('{Enter}')
  await waitFor(() => expect(stored(world)).toMatchObject({ title: 'Plotter', votes: 5 }))
  expect(saves(world)).toEqual([{ id: 1, title: 'Plotter' }])
})

it('writes nothing back where nothing was typed, whatever others have written meanwhile', async () => {
  const world = stage({ 'desk.Ticket': TICKETS })
  world.show(<Table editable columns={['title', 'votes']} />)
  await world.user.dblClick(await cell('Printer'))
  act(() => void world.server.update('desk.Ticket', 1, { title: 'Theirs', votes: 5 }))
  await cell('5')
  await world.user.keyboard('{Enter}')
  await cell('Theirs')
  expect(saves(world)).toEqual([])
})

it('asks which shall stand where another has changed the same cell; theirs does unless one says otherwise', async () => {
  const world = await typing()
  act(() => void world.server.update('desk.Ticket', 1, { title: 'Theirs', votes: 5 }))
  await cell('5')
  await world.user.keyboard('{Enter}')
  const dialog = within(await screen.findByRole('dialog', { name: 'Somebody else has changed this' }))
  const title = dialog.getByRole('group', { name: 'Title' })
  expect(title).toHaveTextContent('Before: Printer')
  expect(within(title).getByRole('radio', { name: 'Theirs: Theirs' })).toBeChecked()
  expect(stored(world)).toMatchObject({ title: 'Theirs' })
  expect(await violations()).toEqual([])
  await world.user.click(within(title).getByRole('radio', { name: 'Mine: Plotter' }))
  await world.user.click(dialog.getByRole('button', { name: 'Save the choice' }))
  await waitFor(() => expect(stored(world)).toMatchObject({ title: 'Plotter', votes: 5 }))
  await cell('Plotter')
})

it('asks as well where the change of another had not arrived yet', async () => {
  const world = await typing()
  world.server.hold()
  await world.user.keyboard('{Enter}')
  world.server.update('desk.Ticket', 1, { title: 'Theirs' })
  act(() => world.server.release())
  const dialog = within(await screen.findByRole('dialog'))
  await world.user.click(dialog.getByRole('button', { name: 'Save the choice' }))
  await cell('Theirs')
  expect(stored(world)).toMatchObject({ title: 'Theirs' })
})

it('goes on editing where one does not decide', async () => {
  const world = await typing()
  act(() => void world.server.update('desk.Ticket', 1, { title: 'Theirs', votes: 5 }))
  await cell('5')
  await world.user.keyboard('{Enter}')
  const dialog = within(await screen.findByRole('dialog'))
  await world.user.click(dialog.getByRole('button', { name: 'Go on editing' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
  expect(editor()).toHaveValue('Plotter')
  expect(stored(world)).toMatchObject({ title: 'Theirs' })
})

it('says at the cell why a value was refused, and takes it away once it is saved', async () => {
  const validate = ({ title }: Record<string, unknown>): Record<string, { code: string; message: string }[]> =>
    title === 'x' ? { title: [{ code: 'x', message: 'Too short.' }], votes: [{ code: 'y', message: 'Too few.' }] } : {}
  const world = await typing('x', { ...TICKETS, validate })
  await world.user.keyboard('{Enter}')
  expect(await screen.findByRole('alert')).toHaveTextContent('Too short. votes: Too few.')
  expect(editor()).toHaveAttribute('aria-invalid', 'true')
  expect(editor()).toHaveAttribute('aria-errormessage', screen.getByRole('alert').id)
  expect(await violations()).toEqual([])
  await world.user.keyboard('yz{Enter}')
  await cell('xyz')
  await waitFor(() => expect(screen.queryByRole('alert')).not.toBeInTheDocument())
})

it('does not let the row of an own change flash', async () => {
  const animate = vi.fn()
  Object.assign(Element.prototype, { animate })
  const world = await typing()
  await world.user.keyboard('{Enter}')
  await cell('Plotter')
  await waitFor(() => expect(stored(world)).toMatchObject({ title: 'Plotter' }))
  expect(animate).not.toHaveBeenCalled()
  act(() => void world.server.update('desk.Ticket', 2, { votes: 77 }))
  await cell('77')
  await waitFor(() => expect(animate).toHaveBeenCalledOnce())
  Reflect.deleteProperty(Element.prototype, 'animate')
})

it('chooses a related row in its cell', async () => {
  const world = stage({
    'desk.Ticket': TICKETS,
    'auth.User': {
      rows: [
        { id: 7, username: 'ann' },
        { id: 8, username: 'ben' },
      ],
    },
  })
  world.show(<Table editable columns={['title', 'owner']} />)
  await world.user.dblClick(await cell('Ann'))
  const field = await screen.findByRole('combobox', { name: 'Owner' })
  await world.user.click(field)
  await world.user.click(await screen.findByRole('option', { name: 'ben' }))
  await waitFor(() => expect(stored(world)).toMatchObject({ owner: 8 }))
})

it('chooses several related rows in one cell, narrowed as the field is, and saves them when one leaves it', async () => {
  const fields = TICKETS.describe?.fields?.map(field =>
    field.name === 'owner'
      ? { ...field, multiple: true, relation: { stream: 'auth.User', filters: { is_active: true } } }
      : field,
  )
  const rows = (TICKETS.rows ?? []).map(row => ({ ...row, owner: [7] }))
  const users = [
    { id: 7, username: 'ann', is_active: true },
    { id: 8, username: 'ben', is_active: true },
    { id: 9, username: 'gone', is_active: false },
  ]
  const world = stage({
    'desk.Ticket': { ...TICKETS, rows, describe: { ...TICKETS.describe, ...(fields && { fields }) } },
    'auth.User': { rows: users },
  })
  world.show(<Table editable columns={['title', 'owner']} />)
  await world.user.dblClick((await screen.findAllByText('Ann'))[0] as HTMLElement)
  const field = await screen.findByRole('combobox', { name: 'Owner' })
  await world.user.click(field)
  await screen.findByRole('option', { name: 'ben' })
  expect(screen.queryByRole('option', { name: 'gone' })).not.toBeInTheDocument()
  await world.user.click(screen.getByRole('option', { name: 'ben' }))
  expect(field).toBeInTheDocument()
  expect(world.server.requests('save')).toEqual([])
  await world.user.click(await cell('Screen'))
  await waitFor(() => expect(stored(world)).toMatchObject({ owner: [7, 8] }))
})
