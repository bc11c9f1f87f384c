import { act, render, screen, waitFor } from '@testing-library/react'
import { type JSX, useRef, useState } from 'react'
import { expect, it } from 'vitest'
import { type Heir, useFocusKept } from '../src/useFocusKept.js'
import { stage, TICKETS } from './helpers.js'
import { cell, editor, Table, titles } from './table/grid.js'

it('has the focus in the rows once a new one is saved by the keyboard', async () => {
  const world = stage({ 'desk.Ticket': TICKETS })
  world.show(<Table editable columns={['title', 'votes']} order="title" />)
  await world.user.dblClick(await cell('Printer'))
  await world.user.clear(editor())
  await world.user.keyboard('Plotter')
  act(() => world.server.remove('desk.Ticket', 1))
  const anew = await screen.findByRole('button', { name: 'Save as new' })
  act(() => anew.focus())
  await world.user.keyboard('{Enter}')
  await waitFor(() => expect(titles()).toEqual(['Mouse', 'Plotter', 'Screen']))
  await waitFor(() => expect(document.activeElement?.closest('[role="grid"]')).not.toBeNull())
})

const heirOf: Heir = root => () => root.querySelector('input')

/** Something with a notice that has a button. */
function Noticed(): JSX.Element {
  const ref = useRef<HTMLDivElement>(null)
  useFocusKept(ref, heirOf)
  const [isShown, show] = useState(true)
  return (
    <>
      <button type="button" onClick={() => show(false)}>
        Elsewhere
      </button>
      <div ref={ref}>
        <input aria-label="Heir" />
        {isShown && (
          <p>
            <button type="button" onClick={() => show(false)}>
              Undo
            </button>
          </p>
        )}
      </div>
    </>
  )
}

const button = (name: string): HTMLElement => screen.getByRole('button', { name })
/** Lets everything happen that follows at once. */
const settle = (): Promise<void> => act(async () => undefined)

it('gives the focus to the heir, where what had it goes away', async () => {
  render(<Noticed />)
  act(() => button('Undo').focus())
  act(() => button('Undo').click())
  await settle()
  expect(screen.getByRole('textbox', { name: 'Heir' })).toHaveFocus()
})

it('leaves the focus where the user has put it since', async () => {
  render(<Noticed />)
  act(() => button('Undo').focus())
  act(() => button('Elsewhere').focus())
  act(() => button('Elsewhere').click())
  await settle()
  expect(button('Elsewhere')).toHaveFocus()
})

it('takes no focus where the user has left it before', async () => {
  render(<Noticed />)
  act(() => button('Undo').focus())
  act(() => button('Undo').blur())
  await settle()
  act(() => button('Elsewhere').click())
  await settle()
  expect(document.body).toHaveFocus()
})
