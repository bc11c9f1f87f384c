import { act, screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { field } from '../field.js'
import { stage, violations } from '../helpers.js'
import { button, choose, input, open, STEPS, save, step, steps, stored, submits, tickets } from './steps.js'

it('adds, changes and deletes rows in one go, and shows what was saved', async () => {
  const world = tickets()
  await open(world)
  expect(steps()).toEqual(['Call', 'Visit'])
  await world.user.type(input(1, 'Text'), ' again')
  await world.user.click(button('Step 2: Delete'))
  await world.user.click(button('Add step'))
  expect(input(3, 'Text')).toHaveFocus()
  await world.user.keyboard('Write')
  await world.user.click(within(step(3)).getByRole('checkbox', { name: 'Done' }))
  expect(await violations()).toEqual([])
  expect(await save(world)).toEqual([
    { id: 'a.b', text: 'Call again' },
    { id: 12, DELETE: true },
    { text: 'Write', minutes: null, done: true },
  ])
  await waitFor(() => expect(steps()).toEqual(['Call again', 'Write']))
  expect(stored(world)).toEqual(['1: Call again', '2: Other', '1: Write'])
  await world.user.type(input(2, 'Minutes'), '7')
  expect(await save(world)).toEqual([{ id: 14, minutes: 7 }])
  expect(await save(world)).toEqual([])
})

it('leaves out what was not filled in, unless there must be as many', async () => {
  const world = tickets({ min: 2 })
  await open(world, {})
  expect(steps()).toEqual(['', ''])
  expect(screen.queryByRole('button', { name: /Delete$/ })).not.toBeInTheDocument()
  await world.user.click(button('Add step'))
  expect(button('Step 3: Delete')).toBeInTheDocument()
  await world.user.type(input(3, 'Text'), 'Third')
  expect(await save(world)).toEqual([
    { text: '', minutes: null, done: false },
    { text: 'Third', minutes: null, done: false },
  ])
  await waitFor(() => expect(input(1, 'Text')).toBeInvalid())
  expect(input(1, 'Text')).toHaveFocus()
  expect(input(2, 'Text')).toHaveAttribute('aria-invalid', 'false')
  await world.user.type(input(1, 'Text'), 'First')
  expect(await save(world)).toMatchObject([{ text: 'First' }, { text: 'Third' }])
  expect(stored(world)).toContain('2: Third')
})

it('moves rows, and sends the places of those that moved', async () => {
  const world = tickets({ order: 'place' })
  await open(world)
  expect(button('Step 1: Move up')).toBeDisabled()
  expect(screen.queryByRole('textbox', { name: 'Order' })).not.toBeInTheDocument()
  await world.user.click(button('Add step'))
  await world.user.keyboard('Last')
  await world.user.click(button('Step 3: Move up'))
  expect(button('Step 2: Move up')).toHaveFocus()
  await world.user.keyboard('{Enter}')
  expect(steps()).toEqual(['Last', 'Call', 'Visit'])
  expect(button('Step 1: Move down')).toHaveFocus()
  await world.user.click(button('Step 2: Move down'))
  expect(await save(world)).toEqual([
    { text: 'Last', minutes: null, done: false, ORDER: 1 },
    { id: 'a.b', ORDER: 3 },
  ])
  await waitFor(() => expect(steps()).toEqual(['Last', 'Visit', 'Call']))
  expect(await save(world)).toEqual([])
})

it('takes over rows that others have changed, but not what this user typed or added', async () => {
  const world = tickets()
  await open(world)
  await world.user.type(input(1, 'Text'), '!')
  await world.user.click(button('Add step'))
  await world.user.keyboard('Mine')
  act(() =>
    world.server.commit(() => {
      world.server.update('desk.Step', 'a.b', { text: 'theirs', minutes: 6 })
      world.server.insert('desk.Step', { ticket: 1, text: 'Theirs' })
      world.server.update('desk.Ticket', 1, { title: 'tells of it' })
    }),
  )
  await waitFor(() => expect(steps()).toEqual(['Call!', 'Visit', 'Theirs', 'Mine']))
  expect(input(1, 'Minutes')).toHaveValue('6')
  expect(await screen.findByText(/has just changed: .*Step 1: Minutes/)).toBeInTheDocument()
  expect(screen.getByText('Somebody else has changed this as well: Step 1: Text.')).toBeInTheDocument()
  await world.user.click(button('Compare'))
  await choose(world, 'Step 1: Text', 'Mine: Call!')
  await waitFor(() => expect(submits(world)).toHaveLength(1))
  expect(submits(world)[0]?.steps).toEqual([
    { id: 'a.b', text: 'Call!' },
    { text: 'Mine', minutes: null, done: false },
  ])
})

it('keeps what was typed into a blank row when others add theirs', async () => {
  const world = tickets({ min: 3 })
  await open(world)
  await world.user.type(input(3, 'Text'), 'Mine')
  act(() =>
    world.server.commit(() => {
      world.server.insert('desk.Step', { ticket: 1, text: 'Theirs' })
      world.server.update('desk.Ticket', 1, { title: 'tells of it' })
    }),
  )
  await waitFor(() => expect(steps()).toEqual(['Call', 'Visit', 'Theirs', 'Mine']))
  expect(await save(world)).toMatchObject([{ text: 'Mine' }])
})

it('sends the file of a row by HTTP, and nothing of a file that was not chosen', async () => {
  const fetch = vi.fn(
    async (_url: unknown, _init?: RequestInit) =>
      new Response(JSON.stringify({ success: true, object: { id: 1 }, fields: [], errors: {} })),
  )
  const photo = field({ name: 'photo', type: 'FileField', bases: ['FileField', 'Field'], widget: 'ClearableFileInput' })
  const formsets = [{ ...STEPS, fields: [field({ name: 'text' }), photo] }]
  const tables = { 'desk.Ticket': { fields: [field({ name: 'title' })], formsets }, 'desk.Step': {} }
  const world = stage(tables, fetch as typeof globalThis.fetch)
  await open(world, {})
  await world.user.click(button('Add step'))
  await world.user.type(input(1, 'Text'), 'no file')
  await world.user.click(button('Add step'))
  await world.user.upload(within(step(2)).getByLabelText('Photo'), new File(['x'], 'x.png'))
  await world.user.click(button('Save'))
  await waitFor(() => expect(fetch).toHaveBeenCalledTimes(2))
  const body = fetch.mock.lastCall?.[1]?.body as FormData
  expect([...body].map(([name, value]) => [name, value instanceof File ? value.name : value])).toEqual([
    ['title', ''],
    ['steps-0-text', 'no file'],
    ['steps-1-text', ''],
    ['steps-1-photo', 'x.png'],
  ])
})
