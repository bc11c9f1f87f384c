import { act, screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { stage, TICKETS } from '../helpers.js'
import { cell, Table, titles } from './grid.js'

it('keeps the rows of before while those of another filter cannot be read, and says so', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS }, undefined, { timeoutMs: 200 })
  const view = show(<Table columns={['title']} />)
  await cell('Printer')
  server.bends.refuse = Number.POSITIVE_INFINITY
  act(() => server.close(4500))
  view.rerender(<Table columns={['title']} filters={{ status: 'done' }} />)
  expect(await screen.findByText(/These are the rows of before/)).toBeInTheDocument()
  expect(titles()).toEqual(['Printer', 'Screen', 'Mouse'])
  server.bends.refuse = 0
  await waitFor(() => expect(titles()).toEqual(['Screen']), { timeout: 10_000 })
  expect(screen.queryByText(/These are the rows of before/)).not.toBeInTheDocument()
})

it('shows no rows of another stream, and none that one may not see', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS, 'desk.Other': { rows: [], describe: { fields: [] } } })
  const view = show(<Table columns={['title']} />)
  await cell('Printer')
  server.handle('desk.Ticket.search', () => {
    throw Object.assign(new Error('Not yours.'), { code: 'forbidden' })
  })
  view.rerender(<Table columns={['title']} query="x" />)
  await waitFor(() => expect(titles()).toEqual([]))
  view.rerender(<Table binding="desk.Other" columns={['title']} />)
  await waitFor(() => expect(titles()).toEqual([]))
})
