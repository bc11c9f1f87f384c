import { BindingError } from '@channels-binding/core'
import { BindingTable, columnsOf } from '@channels-binding/mui/table'
import { act, screen, waitFor, within } from '@testing-library/react'
import type { JSX } from 'react'
import { afterEach, expect, it, vi } from 'vitest'
import { stage, TICKETS, violations } from './helpers.js'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

type TableProps = Partial<Parameters<typeof BindingTable<string>>[0]>

/** A table without virtualization, for jsdom has no layout. */
function Table(props: TableProps): JSX.Element {
  return (
    <div style={{ width: 1200, height: 600 }}>
      <BindingTable binding="desk.Ticket" disableVirtualization {...props} />
    </div>
  )
}

/** The cell with this text; found by its text, for roles take jsdom ten times as long. */
const cell = (text: string): Promise<HTMLElement> =>
  screen.findByText(text, { selector: '[role="gridcell"], [role="gridcell"] *' })
const header = (text: string): HTMLElement => screen.getByText(text, { selector: '[role="columnheader"] *' })
const nextPage = (): HTMLElement => screen.getByLabelText(/next page/i)
/** The input of the cell that is being edited. */
const editor = (): HTMLElement => document.querySelector('[role="gridcell"] input') as HTMLElement
const titles = (): (string | null)[] =>
  [...document.querySelectorAll('[role="gridcell"][data-field="title"]')].map(element => element.textContent)

it('makes its columns of what the server says of the fields', async () => {
  const { show } = stage({ 'desk.Ticket': TICKETS })
  show(<Table />)
  await cell('Printer')
  const headers = screen.getAllByRole('columnheader').map(header => header.textContent)
  expect(headers).toEqual(['Title', 'Status', 'Votes', 'Price', 'Urgent', 'Due', 'Seen', 'Owner', 'Extra'])
  const first = within(screen.getAllByRole('row')[1] as HTMLElement)
  const texts = first.getAllByRole('gridcell').map(({ textContent }) => textContent)
  const due = new Date(2026, 10, 22).toLocaleDateString()
  expect(texts).toEqual(['Printer', 'Open', (1200).toLocaleString(), '9.90', 'yes', due, '', 'Ann', '{"a":1}'])
  expect(screen.getByText(new Date('2026-11-22T13:30:00Z').toLocaleString())).toBeInTheDocument()
  expect(screen.getByRole('grid', { name: 'tickets' })).toBeInTheDocument()
})

it('shows the columns that are asked for, described where they can be', async () => {
  const { show } = stage({ 'desk.Ticket': TICKETS })
  const shout = { field: 'title', valueGetter: (value: string) => value.toUpperCase() }
  show(<Table columns={['status', shout, { field: 'own', headerName: 'Own', valueGetter: () => 'mine' }]} />)
  await cell('PRINTER')
  expect(screen.getAllByRole('columnheader').map(header => header.textContent)).toEqual(['Status', 'Title', 'Own'])
  expect(screen.getAllByText('mine')).toHaveLength(3)
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
  await waitFor(() => expect(client.stats.received).toBeGreaterThan(1))
  await act(() => new Promise(resolve => setTimeout(resolve, 50)))
  describe()
  await cell('Printer')
  expect(seen.length).toBeGreaterThan(0)
  expect(seen.filter(value => value !== null && !(value instanceof Date))).toEqual([])
})

it('asks the server for one page, under StrictMode too, and for the texts of relations', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  show(<Table pageSize={2} order="title" query="r" filters={{ status: 'open' }} />)
  await cell('Printer')
  expect(server.requests('search').map(request => request.data)).toEqual([
    { page: 1, limit: 2, order: 'title', labels: true, query: 'r', filters: { status: 'open' } },
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

it('follows what others do', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  show(<Table order="title" />)
  await cell('Printer')
  act(() => void server.update('desk.Ticket', 2, { title: 'Beamer' }))
  await waitFor(() => expect(titles()).toEqual(['Beamer', 'Mouse', 'Printer']))
  act(() => server.remove('desk.Ticket', 3))
  await waitFor(() => expect(titles()).toEqual(['Beamer', 'Printer']))
  act(() => void server.insert('desk.Ticket', { title: 'Cable', status: 'open' }))
  await waitFor(() => expect(titles()).toEqual(['Beamer', 'Cable', 'Printer']))
  act(() => void server.update('desk.Ticket', 1, { votes: 5 }))
  await cell('5')
})

it('renders the cells of a changed row, and no others', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  const rendered = vi.fn()
  const renderCell = (params: { value?: unknown }): unknown => {
    rendered(params.value)
    return String(params.value)
  }
  const columns = [
    { field: 'title', renderCell },
    { field: 'votes', renderCell },
  ] as never
  show(<Table columns={columns} />)
  await cell('Printer')
  rendered.mockClear()
  act(() => void server.update('desk.Ticket', 1, { votes: 5 }))
  await cell('5')
  const values = new Set(rendered.mock.calls.flat())
  expect([...values].sort()).toEqual([5, 'Printer'])
})

it('lets changed cells flash, unless the user prefers reduced motion', async () => {
  const animate = vi.fn()
  Object.assign(Element.prototype, { animate })
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  const view = show(<Table />)
  await cell('Printer')
  act(() => void server.update('desk.Ticket', 1, { votes: 5 }))
  await cell('5')
  expect(animate).toHaveBeenCalledOnce()
  expect((animate.mock.contexts[0] as HTMLElement).dataset.field).toBe('votes')
  vi.stubGlobal('matchMedia', () => ({ matches: true, addListener() {}, removeListener() {} }))
  act(() => void server.update('desk.Ticket', 1, { votes: 6 }))
  await cell('6')
  vi.unstubAllGlobals()
  view.rerender(<Table highlightChanges={false} />)
  act(() => void server.update('desk.Ticket', 1, { votes: 8 }))
  await cell('8')
  expect(animate).toHaveBeenCalledOnce()
  Reflect.deleteProperty(Element.prototype, 'animate')
})

// ---- editing

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

it('says so when the row that is being edited is deleted', async () => {
  const { show, server, user } = stage({ 'desk.Ticket': TICKETS })
  show(<Table editable />)
  await user.dblClick(await cell('Printer'))
  act(() => server.remove('desk.Ticket', 1))
  expect(await screen.findByRole('alert')).toHaveTextContent('was deleted or left this page')
})

it('sends nothing when nothing changed', async () => {
  const { show, server, user } = stage({ 'desk.Ticket': TICKETS })
  show(<Table editable />)
  await user.dblClick(await cell('Printer'))
  await user.keyboard('{Enter}')
  await cell('Printer')
  expect(server.requests('save')).toHaveLength(0)
})

it('lets nobody edit what the server does not let this user change', () => {
  const fields = TICKETS.describe?.fields ?? []
  const description = { fields, can: { create: false, update: true, delete: false } } as never
  const options = { editable: true, labels: () => undefined }
  const editable = (): (string | undefined)[] =>
    columnsOf(description, undefined, options).flatMap(column => (column.editable ? column.field : []))
  expect(editable()).toEqual(['title', 'status', 'votes', 'price', 'urgent', 'due'])
  Object.assign(description, { can: { create: true, update: false, delete: true } })
  expect(editable()).toEqual([])
})

it('reads and writes a day without shifting it', () => {
  const description = { fields: TICKETS.describe?.fields, can: { update: true } } as never
  const [due] = columnsOf(description, ['due'], { editable: true, labels: () => undefined })
  const get = due?.valueGetter as unknown as (value: unknown) => Date
  const set = due?.valueSetter as unknown as (value: Date | null, row: object) => object
  expect(get('2026-11-22')).toEqual(new Date(2026, 10, 22))
  expect(set(new Date(2026, 0, 2), { id: 1 })).toEqual({ id: 1, due: '2026-01-02' })
  expect(set(null, { id: 1 })).toEqual({ id: 1, due: null })
})

// ---- when there is nothing to show

it('shows a skeleton at first, then the rows', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  server.hold()
  const { container } = show(<Table />)
  await waitFor(() => expect(container.querySelector('.MuiDataGrid-skeletonLoadingOverlay')).toBeInTheDocument())
  act(() => server.release())
  await cell('Printer')
  await waitFor(() => expect(container.querySelector('.MuiDataGrid-skeletonLoadingOverlay')).not.toBeInTheDocument())
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
