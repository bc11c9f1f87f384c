import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { keyOf, optionsOf } from '../../src/form/choices.js'
import { field } from '../field.js'
import { CHOICES, formOf, itSends, save, submitted, tick } from './fields.js'

itSends([
  [
    'ModelMultipleChoiceField with checkboxes',
    {
      type: 'ModelMultipleChoiceField',
      widget: 'CheckboxSelectMultiple',
      multiple: true,
      relation: { stream: 'auth.User' },
    },
    tick('ben'),
    [8],
  ],
])

it('lists choices with the heading that they stand under', () => {
  expect(optionsOf(field({ name: 'a', choices: CHOICES }))).toEqual([
    { value: 'low', label: 'Low' },
    { value: 'high', label: 'High', group: 'Hot' },
  ])
  expect(optionsOf(field({ name: 'a' }))).toEqual([])
})

it('names 7 and "7" differently, and a missing value as null', () => {
  expect([keyOf(7), keyOf('7'), keyOf(undefined), keyOf(null)]).toEqual(['7', '"7"', 'null', 'null'])
})

it('offers the rows of a relation, narrowed as the field says', async () => {
  const relation = { stream: 'auth.User', filters: { id: 7 } }
  const world = formOf([field({ name: 'owner', type: 'ModelChoiceField', widget: 'RadioSelect', relation })])
  world.show(<BindingForm binding="desk.Ticket" />)
  await world.user.click(await screen.findByRole('radio', { name: 'ann' }))
  expect(screen.getAllByRole('radio')).toHaveLength(1)
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ owner: 7 }))
})

it('keeps what is chosen and not among the rows that are offered', async () => {
  const relation = { stream: 'auth.User', filters: { id: 7 }, labels: { 8: 'ben' } }
  const part = { type: 'ModelMultipleChoiceField', widget: 'CheckboxSelectMultiple', multiple: true, value: [8] }
  const world = formOf([field({ name: 'owners', ...part, relation })])
  world.show(<BindingForm binding="desk.Ticket" />)
  await world.user.click(await screen.findByRole('checkbox', { name: 'ann' }))
  expect(screen.getByRole('checkbox', { name: 'ben' })).toBeChecked()
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ owners: [7, 8] }))
})
