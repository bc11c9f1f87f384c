import { CreateModal, DeleteModal, UpdateModal } from '@channels-binding/mui'
import { screen, waitFor } from '@testing-library/react'
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
