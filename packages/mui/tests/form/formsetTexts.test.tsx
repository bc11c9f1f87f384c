import type { FieldProps } from '@channels-binding/mui/form'
import { screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { FORMSET_TEXTS } from '../../src/form/formsetTexts.js'
import { button, open, tickets } from './steps.js'

it('speaks another language, and uses the application’s components', async () => {
  const world = tickets()
  const Loud = ({ field, value }: FieldProps): string => `${field.label}: ${String(value).toUpperCase()}`
  await open(world, {
    id: 1,
    components: { 'steps.text': Loud, minutes: () => 'not this one' },
    formsetTexts: { add: row => `${row} hinzufügen`, row: (_row, number) => `Schritt ${number}`, remove: 'Löschen' },
  })
  expect(screen.getByRole('group', { name: 'Schritt 1' })).toHaveTextContent('Text: CALL')
  expect(button('step hinzufügen')).toBeEnabled()
  expect(button('Schritt 2: Löschen')).toBeEnabled()
  expect(screen.queryByText('not this one')).not.toBeInTheDocument()
})

it('says what is done with a row in English', () => {
  const { add, row, removed, empty, full } = FORMSET_TEXTS
  expect([add('step'), row('step', 2), removed('Step 2'), empty('steps'), full(5)]).toEqual([
    'Add step',
    'Step 2',
    'Step 2 is deleted when you save.',
    'No steps yet.',
    'There can be at most 5.',
  ])
})
