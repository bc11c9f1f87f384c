import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { field } from '../field.js'
import { CHOICES, formOf, itSends, pick, save, submitted } from './fields.js'

itSends([
  [
    'ModelChoiceField',
    {
      type: 'ModelChoiceField',
      widget: 'Select',
      bases: ['ModelChoiceField', 'ChoiceField'],
      relation: { stream: 'auth.User' },
    },
    pick('It', 'ben'),
    8,
  ],
  [
    'ModelMultipleChoiceField',
    {
      type: 'ModelMultipleChoiceField',
      widget: 'SelectMultiple',
      multiple: true,
      value: [7],
      relation: { stream: 'auth.User', labels: { 7: 'ann' } },
    },
    pick('It', 'ben'),
    [7, 8],
  ],
  ['HiddenInput', { type: 'CharField', widget: 'HiddenInput', initial: 'kept' }, async () => undefined, 'kept'],
])

it('is a plain choice where the server sends the choices', async () => {
  const world = formOf([
    field({ name: 'one', type: 'ModelChoiceField', choices: CHOICES }),
    field({ name: 'some', type: 'ModelMultipleChoiceField', multiple: true, choices: CHOICES, value: ['high'] }),
  ])
  world.show(<BindingForm binding="desk.Ticket" />)
  await pick('One', 'Low')(world)
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ one: 'low', some: ['high'] }))
})

it('offers only the rows that the field allows, and says what is wrong', async () => {
  const relation = { stream: 'auth.User', filters: { id: 7 } }
  const wrong = { owner: [{ code: 'x', message: 'Not this one.' }] }
  const world = formOf([field({ name: 'owner', type: 'ModelChoiceField', required: true, relation })], {
    validate: () => wrong,
  })
  world.show(<BindingForm binding="desk.Ticket" />)
  await world.user.click(await screen.findByRole('combobox', { name: /^Owner/ }))
  await world.user.click(await screen.findByRole('option', { name: 'ann' }))
  await world.user.click(save())
  expect(await screen.findByText('Not this one.')).toBeInTheDocument()
  expect(world.server.requests('search').at(-1)?.data).toMatchObject({ filters: { id: 7 } })
})
