import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { field } from '../field.js'
import { stage, violations } from '../helpers.js'
import { formOf, save, submitted } from './fields.js'

it('uploads a file by HTTP, shows the one there is, and clears it', async () => {
  const fetch = vi.fn(
    async (_url: unknown, _init?: RequestInit) =>
      new Response(JSON.stringify({ success: true, object: { id: 1 }, fields: [], errors: {} })),
  )
  const doc = field({ name: 'doc', type: 'FileField', widget: 'ClearableFileInput', value: '/media/old.pdf' })
  const world = stage(
    { 'desk.Ticket': { rows: [], fields: [doc, field({ name: 'title' })] } },
    fetch as typeof globalThis.fetch,
  )
  const onSuccess = vi.fn()
  world.show(<BindingForm binding="desk.Ticket" onSuccess={onSuccess} />)
  expect(await screen.findByRole('link', { name: 'old.pdf' })).toHaveAttribute('href', '/media/old.pdf')
  expect(await violations()).toEqual([])
  await world.user.upload(screen.getByLabelText('Doc'), new File(['x'], 'new.pdf'))
  await world.user.click(save())
  await waitFor(() => expect(onSuccess).toHaveBeenCalledWith({ id: 1 }))
  const body = fetch.mock.calls[0]?.[1]?.body as FormData
  expect((body.get('doc') as File).name).toBe('new.pdf')
  expect(fetch.mock.calls[0]?.[0]).toBe('/api/desk.Ticket/form/')
  await world.user.click(screen.getByRole('checkbox', { name: 'Clear Doc' }))
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ doc: null, title: '' }))
})

it('shows a file as the server describes it, and leaves it alone', async () => {
  const value = { name: '2026/01/old.pdf', url: '/media/2026/01/old.pdf' }
  const doc = field({ name: 'doc', type: 'FileField', widget: 'ClearableFileInput', required: false, value })
  const world = formOf([doc, field({ name: 'title' })])
  world.show(<BindingForm binding="desk.Ticket" />)
  expect(await screen.findByRole('link', { name: 'old.pdf' })).toHaveAttribute('href', '/media/2026/01/old.pdf')
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ title: '' }))
})
