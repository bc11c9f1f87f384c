import { act, screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { field } from '../field.js'
import { violations } from '../helpers.js'
import { button, input, open, save, step, steps, tickets } from './steps.js'

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

it('keeps the focus on the row that it moves, and on another button where that can move no further', async () => {
  const world = tickets({ order: 'place' })
  await open(world)
  await world.user.click(button('Step 2: Move up'))
  expect(steps()).toEqual(['Visit', 'Call'])
  expect(button('Step 1: Move down')).toHaveFocus()
  await world.user.keyboard('{Enter}')
  expect(steps()).toEqual(['Call', 'Visit'])
  expect(button('Step 2: Move up')).toHaveFocus()
})

it('gives the focus to the next row when a new one is taken away, and to its first field when one is added', async () => {
  const world = tickets()
  await open(world, {})
  await world.user.click(button('Add step'))
  expect(input(1, 'Text')).toHaveFocus()
  await world.user.keyboard('one')
  await world.user.click(button('Add step'))
  await world.user.keyboard('two')
  await world.user.click(button('Step 1: Delete'))
  expect(steps()).toEqual(['two'])
  expect(button('Step 1: Delete')).toHaveFocus()
  await world.user.keyboard('{Enter}')
  expect(screen.getByText('No steps yet.')).toBeInTheDocument()
  expect(button('Add step')).toHaveFocus()
})

it('says what is wrong with a row, and with all of them', async () => {
  const world = tickets({ max: 2, fields: [field({ name: 'text' }), field({ name: 'minutes' })] })
  await open(world)
  await world.user.clear(input(2, 'Minutes'))
  await world.user.type(input(2, 'Minutes'), 'Visit')
  act(() => void world.server.insert('desk.Step', { ticket: 1, text: 'Theirs', minutes: 1 }))
  await save(world)
  expect(await within(step(2)).findByRole('alert')).toHaveTextContent('Text and minutes are the same.')
  expect(screen.getByText('Please submit at most 2 forms.')).toBeInTheDocument()
})
