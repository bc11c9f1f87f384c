import { act, screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { stage, TICKETS } from '../helpers.js'
import { cell, editor, Table } from './grid.js'

it('marks the cell of a change that waits for the connection, says so, and goes on', async () => {
  const { show, user, server, client } = stage({ 'desk.Ticket': TICKETS })
  show(<Table editable columns={['title', 'votes']} getCellClassName={({ field }) => `own-${field}`} />)
  await cell('Printer')
  server.bends.refuse = Number.POSITIVE_INFINITY
  act(() => server.close(4500))
  await waitFor(() => expect(client.getState().status).toBe('reconnecting'))
  expect(await screen.findByText(/Offline/)).toBeInTheDocument()
  await user.dblClick(await cell('Printer'))
  await user.clear(editor())
  await user.keyboard('Plotter{Enter}')
  await waitFor(() => expect(editor()).toBeNull())
  const changed = await cell('Plotter')
  expect(changed.closest('[role="gridcell"]')).toHaveClass('cb-pending', 'own-title')
  expect(document.querySelectorAll('.cb-pending')).toHaveLength(1)
  expect(await screen.findByText(/1 change waits\./)).toBeInTheDocument()
  server.bends.refuse = 0
  await waitFor(() => expect(server.rows('desk.Ticket')[0]).toMatchObject({ title: 'Plotter' }))
  await waitFor(() => expect(document.querySelector('.cb-pending')).toBeNull())
  await waitFor(() => expect(screen.queryByText(/Offline/)).not.toBeInTheDocument())
})
