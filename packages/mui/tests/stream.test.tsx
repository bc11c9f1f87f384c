import { ChannelsProvider } from '@channels-binding/core/react'
import { FilterChips } from '@channels-binding/mui'
import { BindingForm } from '@channels-binding/mui/form'
import { act, screen, waitFor } from '@testing-library/react'
import type { JSX, ReactNode } from 'react'
import { afterEach, expect, it, vi } from 'vitest'
import { bareOf, serverOf } from '../../core/src/react/named.js'
import * as streams from '../src/stream.js'
import { field } from './field.js'
import { type Stage, stage, TICKETS } from './helpers.js'
import { cell, editor, Table } from './table/grid.js'

afterEach(() => void vi.unstubAllGlobals())

const FIELDS = [
  field({ name: 'title' }),
  field({ name: 'owner', type: 'ModelChoiceField', bases: ['ModelChoiceField'], relation: { stream: 'auth.User' } }),
]
const TABLES = {
  'desk.Ticket': { ...TICKETS, fields: FIELDS },
  'auth.User': { rows: [{ id: 9, username: 'zoe' }] },
}

interface Two extends Omit<Stage, 'show'> {
  readonly back: Stage
  readonly show: (element: ReactNode) => void
}

const strayedFetch = vi.fn(async () => new Response('{}', { status: 500 }))

/** Two servers with streams of the same names, and a page of both. */
function two(tables: Parameters<typeof stage>[0] = TABLES, fetch?: typeof globalThis.fetch): Two {
  const main = stage({ 'desk.Ticket': { ...TICKETS, rows: [] }, 'auth.User': { rows: [] } }, strayedFetch)
  const back = stage(tables, fetch, { apiUrl: '/back1/' })
  const clients = { back1: back.client }
  const Both = ({ children }: { readonly children: ReactNode }): JSX.Element => (
    <ChannelsProvider client={main.client} clients={clients}>
      {children}
    </ChannelsProvider>
  )
  return { ...main, back, show: element => void main.show(<Both>{element}</Both>) }
}

/** What the main server was asked of the streams of the other. */
const strayed = ({ server }: Two): string[] =>
  ['search', 'list', 'retrieve', 'describe', 'form', 'save', 'create', 'update', 'delete', 'aggregate'].filter(
    action => server.requests(action).length > 0,
  )

it('takes names apart as the hooks of core do', () => {
  for (const name of ['desk.Ticket', 'back1:desk.Ticket', ':desk.Ticket', 'back1:desk.Ticket.search#a:b'])
    expect(streams.serverOf(name)).toBe(serverOf(name))
  expect(bareOf('back1:desk.Ticket')).toBe('desk.Ticket')
})

it('reads and saves cells of a table at the server whose name stands in front', async () => {
  const world = two()
  world.show(<Table binding="back1:desk.Ticket" editable toolbar columns={['title', 'votes']} />)
  await world.user.dblClick(await cell('Printer'))
  await world.user.clear(editor())
  await world.user.keyboard('Plotter{Enter}')
  await waitFor(() => expect(world.back.server.rows('desk.Ticket')[0]).toMatchObject({ title: 'Plotter' }))
  expect(strayed(world)).toEqual([])
})

it('deletes selected rows there, and offers the form of its fields', async () => {
  const world = two()
  world.show(<Table binding="back1:desk.Ticket" toolbar selection columns={['title']} />)
  await cell('Printer')
  await world.user.click(screen.getAllByRole('checkbox', { name: 'Select row' })[0] as HTMLElement)
  await world.user.click(await screen.findByRole('button', { name: 'Change' }))
  await world.user.click(await screen.findByRole('combobox', { name: 'Field' }))
  expect(await screen.findByRole('option', { name: 'Title' })).toBeInTheDocument()
  await world.user.keyboard('{Escape}{Escape}')
  await world.user.click(await screen.findByRole('button', { name: 'Delete' }))
  await waitFor(() => expect(screen.queryByText('Printer')).toBeNull()) // taken out at once
  act(() => void window.dispatchEvent(new Event('pagehide')))
  await waitFor(() => expect(world.back.server.rows('desk.Ticket').map(row => row.id)).toEqual([2, 3]))
  expect(strayed(world)).toEqual([])
})

it('says when its changes do not arrive, whatever the main server does', async () => {
  const world = two()
  world.show(<Table binding="back1:desk.Ticket" editable columns={['title']} />)
  await cell('Printer')
  act(() => world.back.client.close())
  expect(await screen.findByText(/^Offline\./)).toBeInTheDocument()
})

it('saves a form there, with the choices of what it relates to', async () => {
  const world = two()
  world.show(<BindingForm binding="back1:desk.Ticket" id={1} />)
  const title = await screen.findByRole('textbox', { name: 'Title' })
  await world.user.type(title, '!')
  await world.user.click(screen.getByRole('combobox', { name: 'Owner' }))
  await world.user.click(await screen.findByRole('option', { name: 'zoe' }))
  await world.user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(world.back.server.rows('desk.Ticket')[0]).toMatchObject({ title: 'Printer!', owner: 9 }))
  expect(strayed(world)).toEqual([])
})

it('writes the rows of there into a file', async () => {
  const world = two()
  const written: string[] = []
  const file = { write: async (text: string) => void written.push(text), close: vi.fn(async () => undefined) }
  vi.stubGlobal('showSaveFilePicker', async () => ({ createWritable: async () => file }))
  world.show(<Table binding="back1:desk.Ticket" toolbar columns={['title', 'votes']} order="id" />)
  await cell('Printer')
  await world.user.click(screen.getByRole('button', { name: 'CSV' }))
  await waitFor(() => expect(file.close).toHaveBeenCalledOnce())
  expect(written.join('')).toContain('Printer,1200\r\nScreen,3\r\n')
  expect(strayed(world)).toEqual([])
})

it('sends files there', async () => {
  const saved = { success: true, object: { id: 1 }, fields: [], errors: {} }
  const fetch = vi.fn(async (_url: unknown) => new Response(JSON.stringify(saved)))
  const fields = [field({ name: 'doc', type: 'FileField' })]
  const world = two({ 'desk.Ticket': { ...TICKETS, fields } }, fetch as never)
  world.show(<BindingForm binding="back1:desk.Ticket" id={1} />)
  await world.user.upload(await screen.findByLabelText('Doc'), new File(['x'], 'x.txt'))
  await world.user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(fetch).toHaveBeenCalledTimes(2))
  expect(fetch.mock.calls.map(([url]) => url)).toEqual(['/back1/hello/', '/back1/desk.Ticket/1/form/'])
  expect(strayedFetch).not.toHaveBeenCalled()
  expect(strayed(world)).toEqual([])
})

it('names what rows are filtered by as there', async () => {
  const owner = field({ name: 'owner', type: 'ModelChoiceField', relation: { stream: 'auth.User' } })
  const filters = [{ name: 'owner', label: 'Owner', type: 'ModelChoiceFilter', field: owner }]
  const world = two({ ...TABLES, 'desk.Ticket': { ...TICKETS, describe: { ...TICKETS.describe, filters } } })
  world.show(<FilterChips binding="back1:desk.Ticket" value={{ owner: 9 } as never} onChange={() => undefined} />)
  expect(await screen.findByText('Owner: zoe')).toBeInTheDocument()
  expect(strayed(world)).toEqual([])
})
