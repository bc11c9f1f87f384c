import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as mui from '@channels-binding/mui'
import { ConnectionStatus, CreateModal, DeleteModal, SearchBar, UpdateModal } from '@channels-binding/mui'
import * as form from '@channels-binding/mui/form'
import { BindingForm } from '@channels-binding/mui/form'
import * as pickers from '@channels-binding/mui/pickers'
import { registerPickers } from '@channels-binding/mui/pickers'
import * as table from '@channels-binding/mui/table'
import { act, screen, waitFor } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { field, stage, TICKETS, violations } from './helpers.js'

const tables = { 'desk.Ticket': { ...TICKETS, fields: [field({ name: 'title' })] } }

it('offers what somebody chose', () => {
  expect(Object.keys(table).sort()).toEqual(['BindingTable', 'SearchTable', 'columnOf', 'columnsOf'])
  expect(Object.keys(form).sort()).toEqual([
    'BindingForm',
    'Form',
    'InvalidValue',
    'ModelAutocomplete',
    'componentOf',
    'registerField',
  ])
  expect(Object.keys(pickers).sort()).toEqual([
    'DatePickerField',
    'DateTimePickerField',
    'TimePickerField',
    'registerPickers',
  ])
  const own = ['ConnectionStatus', 'CreateModal', 'DeleteModal', 'FormModal', 'SearchBar', 'UpdateModal', 'textOf']
  expect(Object.keys(mui).sort()).toEqual([...own, ...Object.keys(table), ...Object.keys(form)].sort())
})

it('uses only the public entries of core, and the grid and the pickers only in their own rooms', () => {
  const source = join(import.meta.dirname, '../src')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name => /\.tsx?$/.test(name))
  expect(files.length).toBeGreaterThan(20)
  for (const name of files) {
    const text = readFileSync(join(source, name), 'utf8')
    for (const [, target = ''] of text.matchAll(/from '([^']+)'/g)) {
      if (target.includes('core')) expect(target, name).toMatch(/^@channels-binding\/core(\/react)?$/)
      if (target.includes('x-data-grid')) expect(name).toMatch(/^table\//)
      if (target.includes('x-date-pickers') || target === 'dayjs') expect(name).toMatch(/^pickers\//)
    }
  }
})

it('says how the connection is, and lets the user reconnect', async () => {
  const { show, client, server, user } = stage(tables)
  show(<ConnectionStatus />)
  expect(screen.getByRole('status')).toHaveTextContent('Not connected')
  act(() => client.connect())
  await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent(/^Live$/))
  expect(await screen.findByText(/ms$/)).toHaveAttribute('aria-hidden', 'true')
  act(() => server.close(4401))
  await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('Signed out'))
  expect(await violations()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Reconnect' }))
  await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('Live'))
})

it('searches when the text stands still', async () => {
  const { show, user } = stage(tables)
  const onChange = vi.fn()
  show(<SearchBar onChange={onChange} delayMs={30} />)
  await user.type(screen.getByRole('searchbox', { name: 'Search' }), 'mouse')
  await waitFor(() => expect(onChange).toHaveBeenCalledWith('mouse'))
  expect(onChange).toHaveBeenCalledOnce()
  expect(await violations()).toEqual([])
})

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

it('uses the pickers once they are registered', async () => {
  const undo = registerPickers()
  const fields = [
    field({ name: 'due', type: 'DateField', value: '2026-11-22' }),
    field({ name: 'moment', type: 'DateTimeField', value: '2026-11-22T14:30:00+00:00', help_text: 'Help.' }),
    field({ name: 'time', type: 'TimeField', value: '14:30:00' }),
  ]
  const { show, server, user } = stage({ 'desk.Ticket': { fields } })
  show(<BindingForm binding="desk.Ticket" />)
  expect(await screen.findByRole('group', { name: 'Due' })).toBeInTheDocument()
  await user.click(screen.getAllByRole('spinbutton', { name: 'Day' })[0] as HTMLElement)
  await user.keyboard('23')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(server.requests('form')).toHaveLength(2))
  const [, { data } = {}] = server.requests('form')
  const { submit } = data as { submit: Record<string, string> }
  expect(submit).toMatchObject({ due: '2026-11-23', time: '14:30:00' })
  expect(new Date(submit.moment ?? '')).toEqual(new Date('2026-11-22T14:30:00Z'))
  undo()
})
