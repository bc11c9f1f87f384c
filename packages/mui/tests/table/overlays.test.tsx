import { BindingError } from '@channels-binding/core'
import { act, render, renderHook, screen, waitFor } from '@testing-library/react'
import { useContext } from 'react'
import { expect, it } from 'vitest'
import { EmptinessContext, EmptyOverlay } from '../../src/table/overlays.js'
import { stage, TICKETS } from '../helpers.js'
import { cell, Table } from './grid.js'

it('shows a skeleton at first, then the grid with its rows, which is not drawn before', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  server.hold()
  const { container } = show(<Table />)
  await waitFor(() => expect(container.querySelector('.cb-skeleton')).toBeInTheDocument())
  await act(() => import('../../src/table/Grid.js'))
  expect(container.querySelector('.MuiDataGrid-root')).toBeNull()
  act(() => server.release())
  await cell('Printer')
  expect(container.querySelector('.cb-skeleton')).toBeNull()
})

it('says why it shows no rows', async () => {
  const { show } = stage({ 'desk.Ticket': { ...TICKETS, rows: [] } })
  const view = show(<Table />)
  expect(await screen.findByText('No tickets yet.')).toBeInTheDocument()
  view.rerender(<Table query="x" />)
  expect(await screen.findByText('No tickets match.')).toBeInTheDocument()
})

it('shows an error with a way out', async () => {
  const { show, server, user } = stage({ 'desk.Ticket': TICKETS })
  server.bends.fail = ({ event }) => (event.includes('.search') ? new BindingError('forbidden', 'Not yours.') : null)
  show(<Table />)
  expect(await screen.findByRole('alert')).toHaveTextContent('Not yours.')
  server.bends.fail = null
  await user.click(screen.getByRole('button', { name: 'Retry' }))
  await cell('Printer')
})

it('is of rows where no table says otherwise, and its button does nothing', async () => {
  render(<EmptyOverlay />)
  expect(screen.getByText('No rows yet.')).toBeInTheDocument()
  const { result } = renderHook(() => useContext(EmptinessContext))
  expect(result.current.retry()).toBeUndefined()
})

it('says which filter the server does not know', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  const fields = { filters: { titel: [{ code: 'unknown', message: 'Possible: title.' }] } } as never
  server.bends.fail = ({ event }) =>
    event.includes('.search') ? new BindingError('invalid', 'The filters are not valid.', { fields }) : null
  show(<Table />)
  expect(await screen.findByRole('alert')).toHaveTextContent('The filters are not valid. titel: Possible: title.')
})
