import { BindingForm } from '@channels-binding/mui/form'
import { screen } from '@testing-library/react'
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

it('shows the rest of the form where a value cannot be shown', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const world = formOf([field({ name: 'title', value: { toString: 1 } }), field({ name: 'note' })])
  world.show(<BindingForm binding="desk.Ticket" initial={{ title: { toString: 1 } }} />)
  expect(await screen.findByText('Title holds a value that cannot be shown here.')).toBeInTheDocument()
  expect(screen.getByRole('textbox', { name: 'Note' })).toBeInTheDocument()
  error.mockRestore()
})
