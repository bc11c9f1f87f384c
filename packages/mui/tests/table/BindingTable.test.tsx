import { act, screen, waitFor } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import { stage, TICKETS, violations } from '../helpers.js'
import { cell, countRenders, editor, header, nextPage, Table, titles } from './grid.js'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

it('gives no cell a value before it is known what the columns are', async () => {
  const { show, client } = stage({ 'desk.Ticket': TICKETS })
  const real = client.call.bind(client)
  let describe = (): void => {}
  const asked = new Promise<void>(resolve => {
    describe = resolve
  })
  vi.spyOn(client, 'call').mockImplementation(async (event, ...rest) => {
    if (event.endsWith('.describe')) await asked
    return real(event, ...rest)
  })
  const seen: unknown[] = []
  const formatted = (value: unknown): string => {
    seen.push(value)
    return String(value)
  }
  show(<Table columns={['title', { field: 'due', valueFormatter: formatted }]} />)
  await act(() => new Promise(resolve => setTimeout(resolve, 50)))
  describe()
  await cell('Printer')
  expect(seen.length).toBeGreaterThan(0)
  expect(seen.filter(value => value !== null && !(value instanceof Date))).toEqual([])
})

it('asks the server for one page, under StrictMode too, and for the texts of relations', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  show(<Table pageSize={2} order="title" query="r" filters={{ status: 'open' }} columns={['title', 'owner']} />)
  await cell('Printer')
  expect(server.requests('search').map(request => request.data)).toEqual([
    {
      page: 1,
      limit: 2,
      order: 'title',
      labels: true,
      query: 'r',
      filters: { status: 'open' },
      fields: ['title', 'owner'],
    },
  ])
})

it('pages, and goes back to the first page when something else is asked for', async () => {
  const { show, server, user } = stage({ 'desk.Ticket': TICKETS })
  const view = show(<Table pageSize={2} pageSizeOptions={[2]} />)
  await cell('Printer')
  await user.click(nextPage())
  await cell('Mouse')
  view.rerender(<Table pageSize={2} pageSizeOptions={[2]} query="screen" />)
  await cell('Screen')
  expect(server.requests('search').at(-1)?.data).toMatchObject({ page: 1, query: 'screen' })
})

it('goes to the last page when the rows of this one are deleted', async () => {
  const { show, server, user } = stage({ 'desk.Ticket': TICKETS })
  show(<Table pageSize={2} pageSizeOptions={[2]} />)
  await cell('Printer')
  await user.click(nextPage())
  await cell('Mouse')
  act(() => server.remove('desk.Ticket', 3))
  await cell('Printer')
})

it('sorts by the server', async () => {
  const { show, server, user } = stage({ 'desk.Ticket': TICKETS })
  show(<Table />)
  await cell('Printer')
  await user.click(header('Title'))
  await waitFor(() => expect(titles()).toEqual(['Mouse', 'Printer', 'Screen']))
  await user.click(header('Title'))
  await waitFor(() => expect(titles()).toEqual(['Screen', 'Printer', 'Mouse']))
  expect(server.requests('search').at(-1)?.data).toMatchObject({ order: '-title' })
})

it('saves a cell', async () => {
  const { show, server, user } = stage({ 'desk.Ticket': TICKETS })
  show(<Table editable />)
  await user.dblClick(await cell('Printer'))
  await user.clear(editor())
  await user.keyboard('Plotter{Enter}')
  await cell('Plotter')
  await waitFor(() => expect(server.rows('desk.Ticket')[0]).toMatchObject({ title: 'Plotter' }))
  expect(server.requests('save')[0]?.data).toEqual({ id: 1, title: 'Plotter' })
})

it('shows what the server made of a value, not what was typed', async () => {
  const { show, server, user } = stage({ 'desk.Ticket': TICKETS })
  server.handle('desk.Ticket.save', () => {
    server.update('desk.Ticket', 1, { title: 'cleaned' })
    return { success: true, id: 1 }
  })
  show(<Table editable />)
  await user.dblClick(await cell('Printer'))
  await user.keyboard('x{Enter}')
  await cell('cleaned')
})

it('shows what the server kept, where it ignored what was typed', async () => {
  const { show, server, user } = stage({ 'desk.Ticket': TICKETS })
  server.handle('desk.Ticket.save', () => ({ success: true, id: 1 }))
  show(<Table editable />)
  await user.dblClick(await cell('Printer'))
  await user.keyboard('x{Enter}')
  await waitFor(() => expect(server.requests('save')).toHaveLength(1))
  await cell('Printer')
})

it('keeps a refused value in its cell and says what is wrong', async () => {
  const validate = (): Record<string, { code: string; message: string }[]> => ({
    title: [{ code: 'x', message: 'Too short.' }],
  })
  const { show, server, user } = stage({ 'desk.Ticket': { ...TICKETS, validate } })
  show(<Table editable />)
  await user.dblClick(await cell('Printer'))
  await user.clear(editor())
  await user.keyboard('x{Enter}')
  expect(await screen.findByRole('alert')).toHaveTextContent('Too short.')
  expect(editor()).toHaveValue('x')
  await user.keyboard('{Escape}')
  await cell('Printer')
  expect(server.rows('desk.Ticket')[0]).toMatchObject({ title: 'Printer' })
})

it('sends nothing when nothing changed', async () => {
  const { show, server, user } = stage({ 'desk.Ticket': TICKETS })
  show(<Table editable />)
  await user.dblClick(await cell('Printer'))
  await user.keyboard('{Enter}')
  await cell('Printer')
  expect(server.requests('save')).toHaveLength(0)
})

it('hands other props to the grid', async () => {
  const { show, user } = stage({ 'desk.Ticket': TICKETS })
  const onRowClick = vi.fn()
  show(<Table onRowClick={onRowClick} slots={{ footer: () => <p>My footer</p> }} />)
  await user.click(await cell('Screen'))
  expect(onRowClick.mock.calls[0]?.[0].row).toMatchObject({ id: 2 })
  expect(screen.getByText('My footer')).toBeInTheDocument()
})

it('has nothing that axe finds wrong', async () => {
  const { show } = stage({ 'desk.Ticket': TICKETS })
  show(<Table editable />)
  await cell('Printer')
  expect(await violations()).toEqual([])
})

it('renders nothing around the rows when one of them has changed', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  const { counts, Counted } = countRenders('MuiButton', 'MuiOutlinedInput', 'MuiTablePagination')
  show(
    <Counted>
      <Table toolbar views="mine" selection columns={['title', 'votes']} />
    </Counted>,
  )
  await cell('Printer')
  await screen.findByRole('searchbox')
  expect(counts.MuiButton).toBeGreaterThan(0)
  for (const name of Object.keys(counts)) counts[name] = 0
  act(() => void server.update('desk.Ticket', 1, { votes: 5 }))
  await cell('5')
  expect(counts).toEqual({ MuiButton: 0, MuiOutlinedInput: 0, MuiTablePagination: 0 })
})
