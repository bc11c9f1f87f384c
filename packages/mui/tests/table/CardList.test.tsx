import { act, render, screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import CardList from '../../src/table/CardList.js'
import type { TableRow } from '../../src/table/row.js'
import { TABLE_TEXTS } from '../../src/table/texts.js'
import { stage, TICKETS, violations } from '../helpers.js'
import { countRenders, Table } from './grid.js'

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

it('shows where cards will be, and says where there are none', async () => {
  const { show, server } = stage({ 'desk.Ticket': { ...TICKETS, rows: [] } })
  server.hold()
  show(<Table cards columns={['title']} />)
  const skeletons = (): number => document.querySelectorAll('ul > .MuiSkeleton-root').length
  await waitFor(() => expect(skeletons()).toBe(3))
  server.release()
  expect(await screen.findByText('No tickets yet.')).toBeInTheDocument()
  expect(skeletons()).toBe(0)
})

it('heads a card with the first column where none is a name, and with the key where that is empty', async () => {
  const { show } = stage({ 'desk.Ticket': TICKETS })
  show(<Table cards columns={['due', 'votes']} />)
  expect(await screen.findByRole('heading', { name: /2026/ })).toBeInTheDocument()
  expect(screen.getByRole('heading', { name: '#2' })).toBeInTheDocument()
})

it('takes a card out of the selection again, and makes values as the columns of a table do', async () => {
  const { show, user } = stage({ 'desk.Ticket': TICKETS })
  const points = { field: 'points', valueGetter: (_value: unknown, row: TableRow) => String(row.title).length }
  show(<Table cards selection toolbar columns={['title', points]} />)
  const box = await screen.findByRole('checkbox', { name: 'Select Screen' })
  await user.click(box)
  expect(await screen.findByText('1 row is selected')).toBeInTheDocument()
  expect(box.closest('li')).toHaveTextContent('Screenpoints6')
  await user.click(box)
  await waitFor(() => expect(screen.queryByText('1 row is selected')).not.toBeInTheDocument())
})

const NO_ACTIONS = { actions: [], description: undefined, remove: () => undefined, texts: TABLE_TEXTS }

it('is of a table, and nothing without one', () => {
  const props = { label: 'x', rows: [], page: 1, isLoading: false, isSelectable: false, actions: NO_ACTIONS }
  const { container } = render(<CardList {...props} onOpen={undefined} />)
  expect(container).toBeEmptyDOMElement()
})

it('renders the card of a changed row, and no other', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  const { counts, Counted } = countRenders('MuiCard')
  show(
    <Counted>
      <Table cards columns={['title', 'votes']} />
    </Counted>,
  )
  await screen.findByText('1,200')
  const before = counts.MuiCard ?? 0
  act(() => void server.update('desk.Ticket', 1, { votes: 5 }))
  await screen.findByText('5')
  expect((counts.MuiCard ?? 0) - before).toBe(2) // once, which StrictMode does twice
})
