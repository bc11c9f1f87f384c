import { BindingError } from '@channels-binding/core'
import { CreateModal, DeleteModal, RetrieveModal, UpdateModal } from '@channels-binding/mui'
import { act, screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { field } from './field.js'
import { stage, TICKETS, violations } from './helpers.js'

const tables = { 'desk.Ticket': { ...TICKETS, fields: [field({ name: 'title' })] } }

it('adds a row in a dialog', async () => {
  const { show, server, user } = stage(tables)
  const onClose = vi.fn()
  const onSuccess = vi.fn()
  show(<CreateModal binding="desk.Ticket" open onClose={onClose} onSuccess={onSuccess} />)
  expect(await screen.findByRole('dialog', { name: 'Add ticket' })).toBeInTheDocument()
  await user.type(await screen.findByRole('textbox', { name: 'Title' }), 'Keyboard')
  expect(await violations()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(onClose).toHaveBeenCalledOnce())
  expect(onSuccess.mock.calls[0]?.[0]).toMatchObject({ id: 4, title: 'Keyboard' })
  expect(server.rows('desk.Ticket')).toHaveLength(4)
})

it('changes a row in a dialog, or does not', async () => {
  const { show, user, server } = stage(tables)
  const onClose = vi.fn()
  show(<UpdateModal binding="desk.Ticket" id={2} open onClose={onClose} title="Change it" />)
  expect(screen.getByRole('dialog', { name: 'Change it' })).toBeInTheDocument()
  expect(await screen.findByRole('textbox', { name: 'Title' })).toHaveValue('Screen')
  await user.click(screen.getByRole('button', { name: 'Cancel' }))
  expect(onClose).toHaveBeenCalledOnce()
  expect(server.rows('desk.Ticket')[1]).toMatchObject({ title: 'Screen' })
})

it('deletes a row once it was asked, and says why not', async () => {
  const { show, server, user } = stage(tables)
  const onClose = vi.fn()
  const view = show(<DeleteModal binding="desk.Ticket" id={99} open onClose={onClose} />)
  await user.click(screen.getByRole('button', { name: 'Delete' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('No desk.Ticket')
  expect(onClose).not.toHaveBeenCalled()
  view.rerender(<DeleteModal binding="desk.Ticket" id={2} name="Screen" open onClose={onClose} />)
  expect(screen.getByText('Delete Screen? This cannot be undone.')).toBeInTheDocument()
  expect(await violations()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Delete' }))
  await waitFor(() => expect(onClose).toHaveBeenCalledOnce())
  expect(server.rows('desk.Ticket')).toHaveLength(2)
})

it('asks before it closes over what is not saved, and forgets what shall be discarded', async () => {
  const { show, user } = stage(tables)
  const onClose = vi.fn()
  const modal = (open: boolean): React.JSX.Element => (
    <UpdateModal binding="desk.Ticket" id={2} open={open} onClose={onClose} variant="drawer" />
  )
  const view = show(modal(true))
  await user.type(await screen.findByRole('textbox', { name: 'Title' }), '!')
  await user.keyboard('{Escape}')
  const question = await screen.findByRole('dialog', { name: 'Discard your changes?' })
  expect(onClose).not.toHaveBeenCalled()
  await user.click(within(question).getByRole('button', { name: 'Keep editing' }))
  await waitFor(() => expect(screen.queryByText('Discard your changes?')).not.toBeInTheDocument())
  expect(screen.getByRole('textbox', { name: 'Title' })).toHaveValue('Screen!')
  await user.click(screen.getByRole('button', { name: 'Cancel' }))
  await user.click(await screen.findByRole('button', { name: 'Discard' }))
  expect(onClose).toHaveBeenCalledOnce()
  view.rerender(modal(false))
  await waitFor(() => expect(screen.queryByRole('textbox')).not.toBeInTheDocument())
  view.rerender(modal(true))
  expect(await screen.findByRole('textbox', { name: 'Title' })).toHaveValue('Screen')
  expect(screen.queryByText(/is back/)).not.toBeInTheDocument()
})

it('shows a row, and what becomes of it', async () => {
  const { show, server } = stage(tables)
  show(<RetrieveModal binding="desk.Ticket" id={2} open onClose={vi.fn()} fields={['status', 'votes']} />)
  const dialog = await screen.findByRole('dialog', { name: 'Screen' })
  await waitFor(() => expect(dialog).toHaveTextContent('StatusDoneVotes3'))
  expect(await violations()).toEqual([])
  act(() => void server.update('desk.Ticket', 2, { votes: 4 }))
  await waitFor(() => expect(dialog).toHaveTextContent('Votes4'))
  act(() => server.remove('desk.Ticket', 2))
  expect(await screen.findByText('This was deleted, or may no longer be seen.')).toBeInTheDocument()
})

it('shows values of every kind in words', async () => {
  const seen = '2026-11-22T13:30:00Z'
  const rows = [
    { id: 1, title: 'Printer', status: ['open', 'done'], seen, due: seen, extra: { a: 1 }, votes: 0, owner: null },
  ]
  const { show } = stage({ 'desk.Ticket': { ...TICKETS, rows } })
  show(<RetrieveModal binding="desk.Ticket" id={1} open onClose={vi.fn()} />)
  const dialog = await screen.findByRole('dialog', { name: 'Printer' })
  const said = (label: string): string | null | undefined => within(dialog).getByText(label).nextSibling?.textContent
  await waitFor(() => expect(said('Status')).toBe('Open, Done'))
  expect(said('Seen')).toBe(new Date(seen).toLocaleString())
  expect(said('Due')).toBe(seen)
  expect(said('Extra')).toBe('{"a":1}')
  expect(said('Votes')).toBe('0')
  expect(said('Owner')).toBe('—')
})

it('names the rows that a row points to, and asks anew when it points to others', async () => {
  const { show, server } = stage(tables)
  show(<RetrieveModal binding="desk.Ticket" id={1} open onClose={vi.fn()} fields={['title', 'owner']} />)
  const dialog = await screen.findByRole('dialog', { name: 'Printer' })
  await waitFor(() => expect(dialog).toHaveTextContent('OwnerAnn'))
  act(() => void server.update('desk.Ticket', 1, { owner: 8 }))
  await waitFor(() => expect(dialog).toHaveTextContent('OwnerBen'))
  act(() => void server.update('desk.Ticket', 1, { owner: 99 }))
  await waitFor(() => expect(dialog).toHaveTextContent('Owner99'))
  act(() => void server.update('desk.Ticket', 1, { owner: null }))
  await waitFor(() => expect(dialog).toHaveTextContent('Owner—'))
  expect(server.requests('retrieve').at(-1)?.data).toMatchObject({ ids: [1], fields: ['owner'], labels: true })
})

it('shows why a row cannot be read', async () => {
  const { show, server } = stage(tables)
  server.handle('desk.Ticket.retrieve', () => {
    throw new BindingError('unavailable', 'The database does not answer.')
  })
  show(<RetrieveModal binding="desk.Ticket" id={1} open onClose={vi.fn()} />)
  expect(await screen.findByRole('alert')).toHaveTextContent('The database does not answer.')
})

it('stays open while a form saves by itself', async () => {
  const { show, user, server } = stage(tables)
  const onClose = vi.fn()
  const onSuccess = vi.fn()
  show(<UpdateModal binding="desk.Ticket" id={2} open autosave onClose={onClose} onSuccess={onSuccess} />)
  const title = await screen.findByRole('textbox', { name: 'Title' })
  await user.clear(title)
  await user.type(title, 'Beamer')
  await user.tab()
  await waitFor(() => expect(server.rows('desk.Ticket')[1]).toMatchObject({ title: 'Beamer' }))
  await waitFor(() => expect(onSuccess).toHaveBeenCalled())
  expect(onClose).not.toHaveBeenCalled()
})

it('says which row was deleted', async () => {
  const { show, user } = stage(tables)
  const onSuccess = vi.fn()
  show(<DeleteModal binding="desk.Ticket" id={2} open onClose={vi.fn()} onSuccess={onSuccess} />)
  await user.click(screen.getByRole('button', { name: 'Delete' }))
  await waitFor(() => expect(onSuccess).toHaveBeenCalledExactlyOnceWith(2))
})
