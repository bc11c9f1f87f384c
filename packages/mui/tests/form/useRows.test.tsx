import { BindingForm } from '@channels-binding/mui/form'
import { act, screen, waitFor, within } from '@testing-library/react'
import { useState } from 'react'
import { expect, it, vi } from 'vitest'
import type { Stage } from '../helpers.js'
import { button, choose, input, save, saveHeld, step, steps, stored, submits, tickets } from './steps.js'

function Leaving({ onDirtyChange }: { onDirtyChange?: (isDirty: boolean) => void }): React.JSX.Element {
  const [isOpen, setOpen] = useState(true)
  return (
    <>
      <button type="button" onClick={() => setOpen(!isOpen)}>
        Go
      </button>
      {isOpen && <BindingForm binding="desk.Ticket" id={1} {...(onDirtyChange && { onDirtyChange })} />}
    </>
  )
}

const go = (): void => act(() => screen.getByRole('button', { name: 'Go' }).click())
const shown = (): Promise<HTMLElement> => screen.findByRole('group', { name: 'steps' })
const theirs = ({ server }: Stage, work: () => void): void =>
  act(() =>
    server.commit(() => {
      work()
      server.update('desk.Ticket', 1, { title: `tells of it ${Math.random()}` })
    }),
  )

it('has rows again that were changed, added, moved and deleted when one comes back, and saves them then', async () => {
  const world = tickets({ order: 'place' })
  world.show(<Leaving />)
  await shown()
  await world.user.type(input(1, 'Text'), '!')
  await world.user.click(button('Step 2: Delete'))
  await world.user.click(button('Add step'))
  await world.user.keyboard('Write')
  await world.user.click(button('Step 3: Move up'))
  go()
  go()
  await shown()
  expect(screen.getByText('What you had typed here and not saved is back.')).toBeInTheDocument()
  expect(steps()).toEqual(['Call!', 'Write', '(deleted)'])
  await world.user.click(button('Add step'))
  await world.user.keyboard('Another')
  expect(steps()).toEqual(['Call!', 'Write', '(deleted)', 'Another'])
  go()
  go()
  await shown()
  expect(await save(world)).toMatchObject([
    { id: 'a.b', text: 'Call!' },
    { text: 'Write' },
    { id: 12, DELETE: true },
    { text: 'Another' },
  ])
  await waitFor(() => expect(steps()).toEqual(['Call!', 'Write', 'Another']))
  go()
  go()
  await shown()
  expect(screen.queryByText(/is back/)).not.toBeInTheDocument()
})

it('drops what was done to rows with the draft', async () => {
  const world = tickets()
  world.show(<Leaving />)
  await shown()
  await world.user.click(button('Step 2: Delete'))
  await world.user.click(button('Add step'))
  await world.user.keyboard('Write')
  go()
  go()
  await shown()
  expect(steps()).toEqual(['Call', '(deleted)', 'Write'])
  await world.user.click(button('Drop it'))
  await waitFor(() => expect(steps()).toEqual(['Call', 'Visit']))
  await world.user.click(button('Add step'))
  expect(input(3, 'Text')).toHaveValue('')
})

it('says that there is something to lose where a row is deleted or moved', async () => {
  const world = tickets({ order: 'place' })
  const onDirtyChange = vi.fn()
  world.show(<Leaving onDirtyChange={onDirtyChange} />)
  await shown()
  const isAsked = (): boolean => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))
  await world.user.click(button('Add step')) // a blank row is nothing
  expect(isAsked()).toBe(false)
  await world.user.click(button('Step 2: Delete'))
  expect(onDirtyChange).toHaveBeenLastCalledWith(true)
  expect(isAsked()).toBe(true)
  await world.user.click(button('Undo'))
  expect(onDirtyChange).toHaveBeenLastCalledWith(false)
  await world.user.click(button('Step 2: Move up'))
  expect(onDirtyChange).toHaveBeenLastCalledWith(true)
})

it('keeps a row that one is changing while others delete it, and asks what is to become of it', async () => {
  const world = tickets()
  world.show(<Leaving />)
  await shown()
  await world.user.type(input(2, 'Text'), ' them')
  theirs(world, () => world.server.remove('desk.Step', 12))
  expect(await within(step(2)).findByText(/Somebody else has deleted this/)).toBeInTheDocument()
  expect(steps()).toEqual(['Call', 'Visit them'])
  expect(input(2, 'Minutes')).toHaveValue('30')
  await world.user.click(button('Save'))
  await choose(world, 'Step 2', 'Mine: Text: Visit them, Minutes: 30, Done: true')
  await waitFor(() => expect(stored(world)).toEqual(['1: Call', '2: Other', '1: Visit them']))
  expect(submits(world)[0]?.steps).toEqual([{ text: 'Visit them', minutes: 30, done: true }])
})

it('lets a row go that others have deleted, where one chooses that', async () => {
  const world = tickets()
  world.show(<Leaving />)
  await shown()
  await world.user.type(input(2, 'Text'), ' them')
  theirs(world, () => world.server.remove('desk.Step', 12))
  await within(step(2)).findByText(/Somebody else has deleted this/)
  await world.user.click(button('Save'))
  await choose(world, 'Step 2', 'Theirs: (deleted)')
  await waitFor(() => expect(submits(world)).toHaveLength(1))
  expect(submits(world)[0]?.steps).toEqual([])
  expect(steps()).toEqual(['Call'])
})

it.each([
  ['Mine: (deleted)', ['1: Call', '2: Other']],
  ['Theirs: Text: Visited, Minutes: 30, Done: true', ['1: Call', '1: Visited', '2: Other']],
])('asks before it deletes a row that others have changed, whoever told of it (%s)', async (side, left) => {
  const world = tickets()
  world.show(<Leaving />)
  await shown()
  await world.user.click(button('Step 2: Delete'))
  act(() => void world.server.update('desk.Step', 12, { text: 'Visited' })) // no change of the ticket that the form follows
  await world.user.click(button('Save'))
  await choose(world, 'Step 2', side)
  await waitFor(() => expect(stored(world)).toEqual(left))
})

it('keeps what was typed into rows, new ones as well, while they were being saved', async () => {
  const world = tickets()
  world.show(<Leaving />)
  await shown()
  await world.user.type(input(1, 'Text'), '!')
  await world.user.click(button('Add step'))
  await world.user.keyboard('Write')
  await saveHeld(world)
  await world.user.type(input(1, 'Text'), '?')
  await world.user.type(input(3, 'Text'), ' it')
  world.server.release()
  await waitFor(() => expect(button('Save')).toBeEnabled(), { timeout: 4_000 })
  await waitFor(() => expect(steps()).toEqual(['Call!?', 'Visit', 'Write it']))
  expect(await save(world)).toEqual([
    { id: 'a.b', text: 'Call!?' },
    { id: 14, text: 'Write it' },
  ])
})

it('can be saved again once it is known what was saved, and not before', async () => {
  const world = tickets()
  world.show(<Leaving />)
  await shown()
  await world.user.type(input(1, 'Text'), '!')
  await saveHeld(world)
  await world.user.type(input(1, 'Text'), '?')
  const asked = world.server.requests('form').length
  world.server.release()
  world.server.hold()
  await waitFor(() => expect(world.server.requests('form').length).toBeGreaterThan(asked))
  expect(button('Save')).toBeDisabled()
  world.server.release()
  await waitFor(() => expect(button('Save')).toBeEnabled())
  expect(await save(world)).toEqual([{ id: 'a.b', text: 'Call!?' }])
})
