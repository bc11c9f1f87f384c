import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { field } from '../field.js'
import { CHOICES, formOf, itSends, pick, save, submitted, tick, type } from './fields.js'

itSends([
  ['BooleanField', { type: 'BooleanField', widget: 'CheckboxInput' }, tick('It'), true],
  ['NullBooleanField', { type: 'NullBooleanField', widget: 'NullBooleanSelect' }, pick('It', 'No'), false],
  ['ChoiceField', { type: 'ChoiceField', widget: 'Select', choices: CHOICES }, pick('It', 'High'), 'high'],
  [
    'TypedChoiceField with numbers',
    {
      type: 'TypedChoiceField',
      bases: ['TypedChoiceField', 'ChoiceField'],
      widget: 'Select',
      choices: [{ value: 1, label: 'One' }],
    },
    pick('It', 'One'),
    1,
  ],
  [
    'ChoiceField with many choices',
    {
      type: 'ChoiceField',
      widget: 'Select',
      choices: Array.from({ length: 30 }, (_, n) => ({ value: n, label: `No ${n}` })),
    },
    async stage => {
      await type('It', 'No 17')(stage)
      await stage.user.click(await screen.findByRole('option', { name: 'No 17' }))
    },
    17,
  ],
  [
    'RadioSelect',
    { type: 'ChoiceField', widget: 'RadioSelect', choices: CHOICES },
    async ({ user }) => user.click(await screen.findByRole('radio', { name: 'High' })),
    'high',
  ],
  [
    'MultipleChoiceField',
    { type: 'MultipleChoiceField', widget: 'SelectMultiple', multiple: true, choices: CHOICES },
    async ({ user }) => {
      await user.click(await screen.findByRole('combobox', { name: 'It' }))
      await user.click(await screen.findByRole('option', { name: 'Low' }))
      await user.click(await screen.findByRole('option', { name: 'High' }))
    },
    ['low', 'high'],
  ],
  [
    'CheckboxSelectMultiple',
    { type: 'MultipleChoiceField', widget: 'CheckboxSelectMultiple', multiple: true, choices: CHOICES, value: ['low'] },
    tick('High'),
    ['low', 'high'],
  ],
])

it('offers nothing to choose where a choice need not be made, and takes it back', async () => {
  const world = formOf([field({ name: 'it', type: 'ChoiceField', choices: CHOICES, value: 'low' })])
  world.show(<BindingForm binding="desk.Ticket" />)
  await pick('It', '—')(world)
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ it: null }))
})

it('has the blank choice of the server in place of its own', async () => {
  const choices = [{ value: '', label: 'Choose…' }, ...CHOICES]
  const world = formOf([field({ name: 'it', type: 'ChoiceField', choices, value: 'gone' })])
  world.show(<BindingForm binding="desk.Ticket" />)
  await pick('It', 'Choose…')(world)
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ it: '' }))
  expect(screen.queryByText('—')).not.toBeInTheDocument()
})

it('takes a ticked box away again, and says what the box is for', async () => {
  const box = { name: 'boxes', type: 'MultipleChoiceField', widget: 'CheckboxSelectMultiple', multiple: true }
  const world = formOf([
    field({ ...box, choices: CHOICES, value: ['low', 'high'], required: true, help_text: 'Some.' }),
    field({ name: 'flag', type: 'BooleanField', help_text: 'Tick it.' }),
  ])
  world.show(<BindingForm binding="desk.Ticket" />)
  expect(await screen.findByRole('group', { name: /^Boxes/ })).toHaveAccessibleDescription('Some.')
  expect(screen.getByRole('checkbox', { name: /^Flag/ })).toHaveAccessibleDescription('Tick it.')
  await tick('High')(world)
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ boxes: ['low'], flag: false }))
})

it('groups many choices, and those of a field for several, under their headings', async () => {
  const many = Array.from({ length: 20 }, (_, n) => ({ value: n, label: `No ${n}` }))
  const world = formOf([
    field({ name: 'one', type: 'ChoiceField', choices: [{ group: 'Numbers', choices: many }], value: 3 }),
    field({ name: 'some', type: 'MultipleChoiceField', multiple: true, choices: CHOICES }),
  ])
  world.show(<BindingForm binding="desk.Ticket" />)
  const one = await screen.findByRole('combobox', { name: 'One' })
  expect(one).toHaveValue('No 3')
  await world.user.click(one)
  expect(screen.getByText('Numbers')).toBeInTheDocument()
  await world.user.clear(one)
  await world.user.click(screen.getByRole('combobox', { name: 'Some' }))
  expect(screen.getByText('Hot')).toBeInTheDocument()
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ one: null, some: [] }))
})
