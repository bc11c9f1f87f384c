import { expect, it } from 'vitest'
import { keyOf, optionsOf } from '../../src/form/choices.js'
import { field } from '../field.js'
import { CHOICES, itSends, tick } from './fields.js'

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
