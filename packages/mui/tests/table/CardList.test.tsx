import { screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { stage, TICKETS, violations } from '../helpers.js'
import { Table } from './grid.js'

it('shows rows as cards, with their actions, and pages through them', async () => {
  const { show, user } = stage({ 'desk.Ticket': TICKETS })
  const onOpen = vi.fn()
  const run = vi.fn()
  const props = { columns: ['title', 'status', 'owner'], pageSize: 2, onOpen, rowActions: [{ label: 'Archive', run }] }
  show(<Table cards selection toolbar {...props} />)
  const cards = within(await screen.findByRole('list', { name: 'tickets' }))
  await waitFor(() => expect(cards.getAllByRole('listitem')).toHaveLength(2))
  expect(cards.getAllByRole('listitem')[0]).toHaveTextContent('PrinterArchiveStatusOpenOwnerAnn')
  expect(await violations()).toEqual([])
  await user.click(cards.getByRole('button', { name: 'Printer' }))
  expect(onOpen.mock.calls[0]?.[0]).toMatchObject({ id: 1 })
  await user.click(cards.getAllByRole('button', { name: 'Archive' })[1] as HTMLElement)
  expect(run.mock.calls[0]?.[0]).toMatchObject({ id: 2 })
  await user.click(cards.getByRole('checkbox', { name: 'Select Screen' }))
  expect(await screen.findByText('1 row is selected')).toBeInTheDocument()
  await user.click(screen.getByRole('button', { name: /next page/i }))
  await waitFor(() => expect(cards.getAllByRole('listitem')).toHaveLength(1))
})

it('says below the rows what the stream can measure of all of them', async () => {
  const { show } = stage({ 'desk.Ticket': { ...TICKETS, aggregates: { measures: { votes: ['sum'] } } } })
  show(<Table columns={['title', 'votes']} pageSize={2} totals={['count', 'sum:votes', 'avg:secret']} />)
  const totals = await screen.findByRole('group', { name: 'Totals' })
  await waitFor(() => expect(totals).toHaveTextContent(`Rows 3Σ Votes ${(1210).toLocaleString()}`))
})
