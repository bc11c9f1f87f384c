import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { field } from './field.js'
import { formOf } from './form/fields.js'

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
  await waitFor(() => expect(screen.getAllByRole('option')).toHaveLength(1))
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
