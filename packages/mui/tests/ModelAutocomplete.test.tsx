import { BindingForm, ModelAutocomplete } from '@channels-binding/mui/form'
import { fireEvent, screen, waitFor } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { field } from './field.js'
import { formOf } from './form/fields.js'
import { stage } from './helpers.js'

it('finds rows of a relation by what is typed, and only once it is open', async () => {
  const owner = field({
    name: 'owner',
    type: 'ModelChoiceField',
    widget: 'Select',
    value: 7,
    relation: { stream: 'auth.User', labels: { 7: 'Ann (old name)' } },
  })
  const world = formOf([owner])
  world.show(<BindingForm binding="desk.Ticket" />)
  const box = await screen.findByRole('combobox', { name: 'Owner' })
  expect(box).toHaveValue('Ann (old name)')
  expect(world.server.requests('search')).toHaveLength(0)
  await world.user.clear(box)
  await world.user.type(box, 'be')
  const asked = (): unknown => world.server.requests('search').at(-1)?.data
  await waitFor(() => expect(asked()).toEqual({ query: 'be', limit: 20 }))
  const offered = (): (string | null)[] => screen.getAllByRole('option').map(option => option.textContent)
  await waitFor(() => expect(offered()).toEqual(['ben', 'Add auth.User']))
  await world.user.click(screen.getByRole('option', { name: 'ben' }))
  expect(box).toHaveValue('ben')
  expect(world.server.requests('retrieve')).toHaveLength(0)
})

it('asks for the text of a chosen row that it does not know', async () => {
  const owner = field({
    name: 'owner',
    type: 'ModelChoiceField',
    widget: 'Select',
    value: 8,
    relation: { stream: 'auth.User' },
  })
  const world = formOf([owner])
  world.show(<BindingForm binding="desk.Ticket" />)
  await waitFor(() => expect(screen.getByRole('combobox', { name: 'Owner' })).toHaveValue('ben'))
})

const MANY = { rows: Array.from({ length: 250 }, (_, index) => ({ id: index + 1, name: `Row ${index + 1}` })) }

it('reads more as the list is scrolled, until every row was offered', async () => {
  const world = stage({ 'shop.Thing': MANY })
  world.show(<ModelAutocomplete binding="shop.Thing" label="Thing" value={null} onChange={() => undefined} />)
  await world.user.click(screen.getByLabelText('Thing', { selector: 'input' }))
  const count = (): number => document.querySelectorAll('[role="option"]').length
  for (const rows of [20, 80, 250]) {
    await waitFor(() => expect(count()).toBe(rows))
    fireEvent.scroll(document.querySelector('[role="listbox"]') as HTMLElement)
  }
  const searches = world.server.requests('search').length
  fireEvent.scroll(document.querySelector('[role="listbox"]') as HTMLElement)
  expect(world.server.requests('search')).toHaveLength(searches)
})

it('narrows by itself what a stream that cannot be searched has', async () => {
  const world = stage({ 'shop.Thing': { ...MANY, describe: { search: false } } })
  world.show(<ModelAutocomplete binding="shop.Thing" label="Thing" value={null} onChange={() => undefined} />)
  await world.user.click(screen.getByLabelText('Thing', { selector: 'input' }))
  await screen.findByText('Row 20')
  await world.user.type(screen.getByLabelText('Thing', { selector: 'input' }), 'row 249')
  expect(await screen.findByText('Row 249')).toBeInTheDocument()
  expect(document.querySelectorAll('[role="option"]')).toHaveLength(1)
  const queries = world.server.requests('search').map(({ data }) => (data as { query?: string }).query)
  expect(queries.filter(Boolean)).toEqual([])
})

it('adds a row that is missing, where the server lets this user', async () => {
  const fields = [field({ name: 'name', label: 'Name' })]
  const can = (create: boolean) => ({ describe: { label: 'thing', can: { create, update: true, delete: true } } })
  const world = stage({
    'shop.Thing': { rows: [{ id: 1, name: 'Lamp' }], fields, ...can(true) },
    'shop.Other': { rows: [{ id: 1, name: 'Shade' }], fields, ...can(false) },
  })
  const onChange = vi.fn()
  world.show(
    <>
      <ModelAutocomplete creatable={BindingForm} binding="shop.Thing" label="Thing" value={null} onChange={onChange} />
      <ModelAutocomplete creatable={BindingForm} binding="shop.Other" label="Other" value={null} onChange={onChange} />
    </>,
  )
  await world.user.click(screen.getByLabelText('Other', { selector: 'input' }))
  await screen.findByText('Shade')
  expect(screen.queryByText(/^Add/)).toBeNull()
  await world.user.click(screen.getByLabelText('Thing', { selector: 'input' }))
  await screen.findByText('Lamp')
  await world.user.type(screen.getByLabelText('Thing', { selector: 'input' }), 'Bulb')
  await world.user.click(await screen.findByText('Add thing'))
  expect(onChange).not.toHaveBeenCalled()
  expect(await screen.findByLabelText('Name')).toHaveValue('Bulb')
  await world.user.click(screen.getByText('Save'))
  await waitFor(() => expect(onChange).toHaveBeenCalledWith(2))
})
