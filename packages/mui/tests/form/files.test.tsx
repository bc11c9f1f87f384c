import { BindingForm } from '@channels-binding/mui/form'
import { fireEvent, render, screen, waitFor } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { FileField } from '../../src/form/files.js'
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
  const body = fetch.mock.lastCall?.[1]?.body as FormData
  expect((body.get('doc') as File).name).toBe('new.pdf')
  expect(fetch.mock.calls.map(([url]) => url)).toEqual(
    ['hello/', 'desk.Ticket/form/'].map(path => `http://fake/api/${path}`),
  )
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

it('shows a chosen picture before it is saved', async () => {
  const createObjectURL = vi.fn(() => 'blob:1')
  const revokeObjectURL = vi.fn()
  Object.assign(URL, { createObjectURL, revokeObjectURL })
  const photo = field({ name: 'photo', type: 'ImageField', bases: ['ImageField', 'FileField'], widget: 'FileInput' })
  const world = formOf([photo])
  const view = world.show(<BindingForm binding="desk.Ticket" />)
  const input = await screen.findByLabelText('Photo')
  expect(input).toHaveAttribute('accept', 'image/*')
  await world.user.upload(input, new File(['x'], 'cat.png', { type: 'image/png' }))
  expect(await screen.findByRole('img', { name: 'Preview of cat.png' })).toHaveAttribute('src', 'blob:1')
  view.unmount()
  expect(revokeObjectURL).toHaveBeenLastCalledWith('blob:1')
  Reflect.deleteProperty(URL, 'createObjectURL')
  Reflect.deleteProperty(URL, 'revokeObjectURL')
})

it('keeps the present file where its removal was taken back, and lets none be cleared that must be there', async () => {
  const doc = { type: 'FileField', widget: 'ClearableFileInput', value: '/media/old.pdf' }
  const world = formOf([field({ name: 'doc', ...doc }), field({ name: 'must', ...doc, required: true })])
  world.show(<BindingForm binding="desk.Ticket" />)
  const clear = await screen.findByRole('checkbox', { name: 'Clear Doc' })
  await world.user.click(clear)
  expect(screen.getByLabelText('Doc')).toBeDisabled()
  await world.user.click(clear)
  expect(screen.getByLabelText('Doc')).toBeEnabled()
  expect(screen.getAllByRole('checkbox')).toHaveLength(1)
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({}))
})

it('goes back to the present file when the choice is given up, and takes several where the field does', async () => {
  const onChange = vi.fn()
  const props = { onChange, onBlur: vi.fn(), error: undefined, disabled: false, inputRef: null }
  const doc = field({ name: 'doc', type: 'FileField', value: '/media/old.pdf' })
  const view = render(<FileField {...props} field={doc} value="/media/old.pdf" />)
  fireEvent.change(screen.getByLabelText('Doc'), { target: { files: [] } })
  expect(onChange).toHaveBeenLastCalledWith('/media/old.pdf')
  view.rerender(<FileField {...props} field={{ ...doc, multiple: true, value: null }} value={null} />)
  const files = [new File(['1'], '1.txt'), new File(['2'], '2.txt')]
  fireEvent.change(screen.getByLabelText('Doc'), { target: { files } })
  expect(onChange).toHaveBeenLastCalledWith(files)
})

it('takes a file that is dropped on it, unless it is disabled', () => {
  const onChange = vi.fn()
  const file = new File(['x'], 'dropped.pdf')
  const props = { field: field({ name: 'doc', type: 'FileField' }), value: null, onChange, onBlur: vi.fn() }
  const zone = (isDisabled: boolean): React.JSX.Element => (
    <FileField {...props} error={undefined} disabled={isDisabled} inputRef={null} />
  )
  const view = render(zone(true))
  const drop = (): boolean => fireEvent.drop(screen.getByLabelText('Doc'), { dataTransfer: { files: [file] } })
  drop()
  expect(onChange).not.toHaveBeenCalled()
  view.rerender(zone(false))
  fireEvent.dragOver(screen.getByLabelText('Doc'))
  drop()
  expect(onChange).toHaveBeenCalledExactlyOnceWith(file)
  view.rerender(<FileField {...props} value={file} error={undefined} disabled={false} inputRef={null} />)
  expect(screen.getByRole('status')).toHaveTextContent('dropped.pdf')
})

it('says at the file that it was not sent, and sends it once more', async () => {
  const saved = { success: true, object: { id: 2 }, fields: [], errors: {} }
  const fetch = vi.fn(async () => Promise.reject<Response>(new TypeError('failed to fetch')))
  const world = stage({ 'desk.Ticket': { fields: [field({ name: 'doc', type: 'FileField' })] } }, fetch as never)
  const onSuccess = vi.fn()
  world.show(<BindingForm binding="desk.Ticket" onSuccess={onSuccess} />)
  await world.user.upload(await screen.findByLabelText('Doc'), new File(['x'], 'x.txt'))
  await world.user.click(save())
  await waitFor(() => expect(screen.getByLabelText('Doc')).toHaveAccessibleDescription('The server cannot be reached.'))
  fetch.mockImplementation(async () => new Response(JSON.stringify(saved)))
  await world.user.click(screen.getByRole('button', { name: 'Retry' }))
  await waitFor(() => expect(onSuccess).toHaveBeenCalledExactlyOnceWith({ id: 2 }))
  expect(fetch).toHaveBeenCalledTimes(3) // hello, which failed; hello and the form
  expect(screen.queryByText('The server cannot be reached.')).not.toBeInTheDocument()
})
