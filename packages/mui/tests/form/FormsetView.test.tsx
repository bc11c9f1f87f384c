import { BindingForm } from '@channels-binding/mui/form'
import { act, screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { field } from '../field.js'
import { violations } from '../helpers.js'
import { button, input, open, save, step, steps, stored, submits, tickets } from './steps.js'

it('adds rows to a form that adds a row, and begins anew', async () => {
  const world = tickets()
  const onSuccess = vi.fn()
  await open(world, { onSuccess })
  expect(screen.getByText('No steps yet.')).toBeInTheDocument()
  await world.user.type(screen.getByRole('textbox', { name: 'Title' }), 'Screen')
  await world.user.click(button('Add step'))
  await world.user.keyboard('Look')
  await save(world)
  await waitFor(() => expect(onSuccess).toHaveBeenCalledExactlyOnceWith({ id: 2, title: 'Screen' }))
  expect(stored(world)).toContain('2: Look')
  await waitFor(() => expect(steps()).toEqual([]))
  await world.user.click(button('Add step'))
  expect(input(1, 'Text')).toHaveValue('')
})

it('puts errors on the fields of their row, focuses the first, and says what is wrong with a row or all of them', async () => {
  const world = tickets({ max: 4 })
  await open(world)
  await world.user.type(input(2, 'Minutes'), '0')
  await world.user.click(button('Add step'))
  await world.user.click(button('Add step'))
  expect(button('Add step')).toBeDisabled()
  act(() => void world.server.insert('desk.Step', { ticket: 1, text: 'Theirs', minutes: 1 }))
  await world.user.type(input(3, 'Minutes'), '61')
  await world.user.type(input(4, 'Text'), '7')
  await world.user.clear(input(4, 'Minutes'))
  await save(world)
  await waitFor(() => expect(input(2, 'Minutes')).toHaveAccessibleDescription('At most 60.'))
  expect(input(2, 'Minutes')).toHaveFocus()
  expect(input(3, 'Text')).toHaveAccessibleDescription('This field is required.')
  expect(input(3, 'Minutes')).toHaveAccessibleDescription('At most 60.')
  expect([input(1, 'Minutes'), input(4, 'Text')].map(each => each.getAttribute('aria-invalid'))).toEqual([
    'false',
    'false',
  ])
  expect(screen.getByText('Please submit at most 4 forms.')).toBeInTheDocument()
  expect(screen.getByText('Please check the marked fields.')).toBeInTheDocument()
  expect(await violations()).toEqual([])
  await world.user.click(button('Step 3: Delete'))
  expect(button('Step 3: Delete')).toHaveFocus()
  expect(screen.queryByText('Please submit at most 4 forms.')).not.toBeInTheDocument()
  expect(input(2, 'Minutes')).toBeInvalid()
})

it('focuses the row that is wrong as a whole, and takes the word away when it is changed', async () => {
  const fields = [field({ name: 'text' }), field({ name: 'minutes' })]
  const world = tickets({ fields })
  await open(world)
  await world.user.clear(input(2, 'Minutes'))
  await world.user.type(input(2, 'Minutes'), 'Visit')
  await save(world)
  await waitFor(() => expect(within(step(2)).getByRole('alert')).toHaveTextContent('Text and minutes are the same.'))
  expect(step(2)).toHaveFocus()
  await world.user.type(input(1, 'Minutes'), '1')
  expect(within(step(2)).getByRole('alert')).toBeInTheDocument()
  expect(input(1, 'Minutes')).toHaveFocus()
  await world.user.type(input(2, 'Minutes'), '1')
  expect(within(step(2)).queryByRole('alert')).not.toBeInTheDocument()
})

it('saves once the row that was wrong is taken away', async () => {
  const world = tickets()
  await open(world)
  await world.user.click(button('Add step'))
  await world.user.keyboard('{Tab}99')
  await save(world)
  await waitFor(() => expect(input(3, 'Text')).toBeInvalid())
  await world.user.click(button('Step 3: Delete'))
  expect(await save(world)).toEqual([])
  await waitFor(() => expect(screen.queryByText('Please check the marked fields.')).not.toBeInTheDocument())
})

it('says within the formset that a row is there no more, and keeps what was typed', async () => {
  const world = tickets()
  await open(world)
  await world.user.type(input(2, 'Text'), '!')
  act(() => world.server.remove('desk.Step', 12))
  await save(world)
  await waitFor(() => expect(within(screen.getByRole('group', { name: 'steps' })).getByRole('alert')).toBeVisible())
  expect(screen.getByText('There is no row 12.')).toBeInTheDocument()
  expect(screen.getByRole('group', { name: 'steps' })).toHaveFocus()
  expect(steps()).toEqual(['Call', 'Visit!'])
})

it('lets a deleted row come back, by keyboard too', async () => {
  const world = tickets()
  await open(world)
  button('Step 1: Delete').focus()
  await world.user.keyboard('{Enter}')
  expect(screen.getByText('Step 1 is deleted when you save.')).toBeInTheDocument()
  expect(steps()).toEqual(['(deleted)', 'Visit'])
  expect(button('Undo')).toHaveFocus()
  expect(await violations()).toEqual([])
  await world.user.keyboard('{Enter}')
  expect(steps()).toEqual(['Call', 'Visit'])
  expect(button('Step 1: Delete')).toHaveFocus()
  expect(await save(world)).toEqual([])
})

it('deletes no stored row where the formset does not let it, but a new one', async () => {
  const world = tickets({ can_delete: false })
  await open(world)
  await world.user.click(button('Add step'))
  expect(screen.getAllByRole('button', { name: /Delete$/ })).toEqual([button('Step 3: Delete')])
  await world.user.click(button('Step 3: Delete'))
  expect(steps()).toEqual(['Call', 'Visit'])
  expect(button('Add step')).toHaveFocus()
})

it('adds no more rows than there may be', async () => {
  const world = tickets({ max: 2 })
  await open(world)
  expect(button('Add step')).toBeDisabled()
  expect(screen.getByText('There can be at most 2.')).toBeInTheDocument()
  await world.user.click(button('Step 1: Delete'))
  expect(button('Add step')).toBeEnabled()
})

it('draws and sends only the formsets that the application wants', async () => {
  const world = tickets({}, { validate: () => ({}) })
  world.show(<BindingForm binding="desk.Ticket" id={1} formsets={[]} />)
  await screen.findByRole('textbox', { name: 'Title' })
  expect(screen.queryByRole('group', { name: 'steps' })).not.toBeInTheDocument()
  await world.user.click(button('Save'))
  await waitFor(() => expect(submits(world)).toEqual([{ title: 'Printer' }]))
})

it('says above the form what is wrong with a formset that is not shown', async () => {
  const world = tickets({ min: 3 })
  world.show(<BindingForm binding="desk.Ticket" id={1} formsets={[]} />)
  await world.user.click(await screen.findByRole('button', { name: 'Save' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('steps: Please submit at least 3 forms.')
})
