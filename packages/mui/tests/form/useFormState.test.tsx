import { BindingError } from '@channels-binding/core'
import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { field } from '../field.js'
import { formOf, submitted } from './fields.js'

it('saves a field that was changed and left, where it shall save itself', async () => {
  const world = formOf([field({ name: 'title' }), field({ name: 'note' })])
  const onDirtyChange = vi.fn()
  world.show(<BindingForm binding="desk.Ticket" id={1} autosave onDirtyChange={onDirtyChange} />)
  await world.user.type(await screen.findByRole('textbox', { name: 'Title' }), '!')
  expect(onDirtyChange).toHaveBeenLastCalledWith(true)
  expect(submitted(world)).toBeUndefined()
  await world.user.tab()
  expect(await screen.findByText('Saved')).toBeInTheDocument()
  expect(world.server.rows('desk.Ticket')[0]).toMatchObject({ title: 'Printer!' })
  expect(onDirtyChange).toHaveBeenLastCalledWith(false)
  expect(screen.queryByRole('button', { name: 'Save' })).not.toBeInTheDocument()
  await world.user.tab()
  expect(world.server.requests('form').filter(({ data }) => (data as { submit?: unknown }).submit)).toHaveLength(1)
})

it('saves what was typed, and left, while the field before was being saved', async () => {
  const world = formOf([field({ name: 'title' }), field({ name: 'note' })])
  world.show(<BindingForm binding="desk.Ticket" id={1} autosave />)
  await world.user.type(await screen.findByRole('textbox', { name: 'Title' }), '!')
  world.server.bends.delayMs = 150
  await world.user.tab()
  await waitFor(() => expect(submitted(world)).toEqual({ title: 'Printer!' }))
  await world.user.keyboard('?')
  await world.user.tab()
  await waitFor(() => expect(world.server.rows('desk.Ticket')[0]).toMatchObject({ title: 'Printer!', note: '?' }), {
    timeout: 4_000,
  })
})

it.each([null, 1])('does not take for saved what was typed after it was sent (id %s)', async id => {
  const world = formOf([field({ name: 'title' }), field({ name: 'note' })])
  const [onSuccess, onDirtyChange] = [vi.fn(), vi.fn()]
  world.show(<BindingForm binding="desk.Ticket" {...{ id, onSuccess, onDirtyChange }} />)
  const title = await screen.findByRole('textbox', { name: 'Title' })
  await world.user.type(title, 'A')
  await world.user.type(screen.getByRole('textbox', { name: 'Note' }), 'B')
  world.server.bends.fail = () => new BindingError('throttled', 'Slowly.', { retry_after: 0.2 })
  await world.user.click(screen.getByRole('button', { name: 'Save' }))
  expect(await screen.findByText(/Not sent yet/)).toBeInTheDocument()
  await world.user.type(title, 'C')
  world.server.bends.fail = null
  await waitFor(() => expect(onSuccess).toHaveBeenCalledOnce(), { timeout: 4_000 })
  expect(title).toHaveValue(id === null ? 'AC' : 'PrinterAC')
  expect(screen.getByRole('textbox', { name: 'Note' })).toHaveValue(id === null ? '' : 'nB')
  expect(onDirtyChange).toHaveBeenLastCalledWith(true)
  expect(screen.queryByText(/have changed|others/i)).not.toBeInTheDocument()
  await world.user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(onSuccess).toHaveBeenCalledTimes(2))
  const rows = world.server.rows('desk.Ticket').map(row => row.title)
  expect(rows).toEqual(id === null ? ['Printer', 'A', 'AC'] : ['PrinterAC'])
  expect(onDirtyChange).toHaveBeenLastCalledWith(false)
})

it('shows the rest of the form where a value cannot be shown', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const world = formOf([field({ name: 'title', value: { toString: 1 } }), field({ name: 'note' })])
  world.show(<BindingForm binding="desk.Ticket" initial={{ title: { toString: 1 } }} />)
  const said = 'Title holds a value that cannot be shown here.'
  await waitFor(() => expect(screen.getByText(said)).toBeInTheDocument()) // React 18 tries it once more, and draws it anew
  expect(screen.getByRole('textbox', { name: 'Note' })).toBeInTheDocument()
  error.mockRestore()
})
