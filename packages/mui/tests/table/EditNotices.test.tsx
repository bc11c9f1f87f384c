import { act, screen, waitFor } from '@testing-library/react'
import { useState } from 'react'
import { expect, it } from 'vitest'
import { stage, TICKETS } from '../helpers.js'
import { cell, editor, Table } from './grid.js'

function Leaving(): React.JSX.Element {
  const [isShown, setShown] = useState(true)
  return (
    <>
      <button type="button" onClick={() => setShown(!isShown)}>
        Go
      </button>
      {isShown && <Table editable columns={['title', 'due']} />}
    </>
  )
}

it('lets a change that Escape has dropped be taken up again', async () => {
  const { show, user, server } = stage({ 'desk.Ticket': TICKETS })
  show(<Table editable />)
  await user.dblClick(await cell('Printer'))
  await user.clear(editor())
  await user.keyboard('Plotter{Escape}')
  await cell('Printer')
  expect(screen.getByText('Change dropped. Your change of Title: Plotter')).toBeInTheDocument()
  await user.click(screen.getByRole('button', { name: 'Restore' }))
  await waitFor(() => expect(editor()).toHaveValue('Plotter'))
  expect(screen.queryByText(/Change dropped/)).not.toBeInTheDocument()
  await user.keyboard('{Enter}')
  await waitFor(() => expect(server.rows('desk.Ticket')[0]).toMatchObject({ title: 'Plotter' }))
})

it('takes what others have written before it was taken up again for a conflict, not for seen', async () => {
  const { show, user, server } = stage({ 'desk.Ticket': TICKETS })
  show(<Table editable />)
  await user.dblClick(await cell('Printer'))
  await user.clear(editor())
  await user.keyboard('Plotter{Escape}')
  await cell('Printer')
  act(() => void server.update('desk.Ticket', 1, { title: 'Theirs' }))
  await cell('Theirs')
  await user.click(screen.getByRole('button', { name: 'Restore' }))
  await waitFor(() => expect(editor()).toHaveValue('Plotter'))
  await user.keyboard('{Enter}')
  expect(await screen.findByRole('dialog')).toHaveTextContent('Before: Printer')
  expect(server.requests('save')).toEqual([])
})

it('says nothing of an Escape where nothing was typed', async () => {
  const { show, user } = stage({ 'desk.Ticket': TICKETS })
  show(<Table editable />)
  await user.dblClick(await cell('Printer'))
  await user.keyboard('{Escape}')
  await cell('Printer')
  expect(screen.queryByText(/Change dropped/)).not.toBeInTheDocument()
})

it('offers what was left unsaved when one comes back to the table', async () => {
  const { show, user } = stage({ 'desk.Ticket': TICKETS })
  show(<Leaving />)
  await user.dblClick(await cell('Printer'))
  await user.clear(editor())
  await user.keyboard('Plotter')
  act(() => screen.getByRole('button', { name: 'Go' }).click())
  await waitFor(() => expect(screen.queryByRole('grid')).not.toBeInTheDocument())
  act(() => screen.getByRole('button', { name: 'Go' }).click())
  expect(await screen.findByText(/A change was left unsaved here. Your change of Title: Plotter/)).toBeInTheDocument()
  await cell('Printer')
  await user.click(screen.getByRole('button', { name: 'Restore' }))
  await waitFor(() => expect(editor()).toHaveValue('Plotter'))
})

it('lets the browser ask before a reload while something was typed, and not before', async () => {
  const { show, user } = stage({ 'desk.Ticket': TICKETS })
  show(<Table editable />)
  await cell('Printer')
  const isAsked = (): boolean => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))
  expect(isAsked()).toBe(false)
  await user.dblClick(await cell('Printer'))
  expect(isAsked()).toBe(false)
  await user.keyboard('x')
  expect(isAsked()).toBe(true)
})

it('says what was refused after it had waited, and asks about a conflict', async () => {
  const { show, user, server, client } = stage({ 'desk.Ticket': TICKETS })
  show(<Table editable />)
  await user.dblClick(await cell('Printer'))
  server.bends.refuse = Number.POSITIVE_INFINITY
  act(() => server.close(4500))
  await waitFor(() => expect(client.getState().status).toBe('reconnecting'))
  await user.clear(editor())
  await user.keyboard('Plotter{Enter}')
  await cell('Plotter')
  server.update('desk.Ticket', 1, { title: 'Theirs' })
  server.bends.refuse = 0
  expect(await screen.findByText(/A change could not be saved/)).toBeInTheDocument()
  await cell('Theirs')
  await user.click(screen.getByRole('button', { name: 'Retry' }))
  await user.click(await screen.findByRole('radio', { name: 'Mine: Plotter' }))
  await user.click(screen.getByRole('button', { name: 'Save the choice' }))
  await cell('Plotter')
  await waitFor(() => expect(server.rows('desk.Ticket')[0]).toMatchObject({ title: 'Plotter' }))
})
