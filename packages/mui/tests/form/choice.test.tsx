import { screen } from '@testing-library/react'
import { CHOICES, itSends, pick, tick, type } from './fields.js'

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
