import { seen } from '@channels-binding/core/writes'
import { BindingForm } from '@channels-binding/mui/form'
import { act, screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { field } from '../field.js'
import { type Stage, violations } from '../helpers.js'
import { formOf, save, submitted } from './fields.js'

const CHOICES = [
  { value: 'low', label: 'Low' },
  { value: 'high', label: 'High' },
]
const FIELDS = [
  field({ name: 'title' }),
  field({ name: 'note' }),
  field({ name: 'level', type: 'ChoiceField', choices: CHOICES }),
]

/** A form of a row, with something typed into its title. */
async function typing(): Promise<Stage> {
  const world = formOf(FIELDS, { rows: [{ id: 1, title: 'Printer', note: 'n', level: 'low' }] })
  world.show(<BindingForm binding="desk.Ticket" id={1} />)
  const title = await screen.findByRole('textbox', { name: 'Title' })
  await waitFor(() => expect(seen(world.client, 'desk.Ticket', 1)).not.toBeNull())
  await world.user.clear(title)
  await world.user.type(title, 'Plotter')
  return world
}

const stored = ({ server }: Stage): unknown => server.rows('desk.Ticket')[0]

it('tells while one types that others change the same, and something else', async () => {
  const world = await typing()
  act(() => void world.server.update('desk.Ticket', 1, { title: 'Theirs', note: 'new' }))
  expect(await screen.findByText('Somebody else has changed this as well: Title.')).toBeInTheDocument()
  expect(screen.getByText('Somebody else has just changed: Note.')).toBeInTheDocument()
  expect(screen.getByRole('textbox', { name: 'Title' })).toHaveValue('Plotter')
  expect(screen.getByRole('textbox', { name: 'Note' })).toHaveValue('new')
  expect(await violations()).toEqual([])
  await world.user.click(screen.getByRole('button', { name: 'Compare' }))
  await world.user.click(screen.getByRole('button', { name: 'Save the choice' }))
  await waitFor(() => expect(screen.getByRole('textbox', { name: 'Title' })).toHaveValue('Theirs'))
  expect(screen.queryByText(/changed this as well/)).not.toBeInTheDocument()
})

it('asks field by field before it saves over what others have changed too', async () => {
  const world = await typing()
  act(() => void world.server.update('desk.Ticket', 1, { title: 'Theirs', note: 'new' }))
  await screen.findByText(/changed this as well/)
  await world.user.click(save())
  const dialog = within(await screen.findByRole('dialog'))
  expect(dialog.getAllByRole('group')).toHaveLength(1)
  expect(submitted(world)).toBeUndefined()
  await world.user.click(dialog.getByRole('radio', { name: 'Mine: Plotter' }))
  await world.user.click(dialog.getByRole('button', { name: 'Save the choice' }))
  await waitFor(() => expect(stored(world)).toMatchObject({ title: 'Plotter', note: 'new' }))
})

it('asks as well where their change arrives with the refusal, and keeps what they have changed beside it', async () => {
  const world = await typing()
  world.server.hold()
  await world.user.click(save())
  world.server.update('desk.Ticket', 1, { title: 'Theirs', level: 'high' })
  act(() => world.server.release())
  const dialog = within(await screen.findByRole('dialog'))
  await world.user.click(dialog.getByRole('radio', { name: 'Mine: Plotter' }))
  await world.user.click(dialog.getByRole('button', { name: 'Save the choice' }))
  await waitFor(() => expect(stored(world)).toMatchObject({ title: 'Plotter', level: 'high' }))
})

it('saves without a question where others have changed something else', async () => {
  const world = await typing()
  world.server.hold()
  await world.user.click(save())
  world.server.update('desk.Ticket', 1, { note: 'new' })
  act(() => world.server.release())
  await waitFor(() => expect(stored(world)).toMatchObject({ title: 'Plotter', note: 'new' }))
  expect(screen.queryByRole('dialog')).not.toBeInTheDocument()
})

it('says nothing of what this user has saved', async () => {
  const world = await typing()
  await world.user.click(save())
  await waitFor(() => expect(stored(world)).toMatchObject({ title: 'Plotter' }))
  await act(() => new Promise(resolve => setTimeout(resolve, 100)))
  expect(screen.queryByText(/Somebody else/)).not.toBeInTheDocument()
})
