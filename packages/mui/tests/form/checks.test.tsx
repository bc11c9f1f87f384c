import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { check } from '../../src/form/checks.js'
import { FORM_TEXTS } from '../../src/form/formTexts.js'
import { InvalidValue } from '../../src/form/types.js'
import { field } from '../field.js'
import { formOf, save, submitted } from './fields.js'

const of = (part: object, value: unknown): string | true => check(field({ name: 'it', ...part }), value, FORM_TEXTS)

it.each([
  [{ required: true }, '', 'This field is required.'],
  [{ required: true }, null, 'This field is required.'],
  [{ required: true, multiple: true }, [], 'This field is required.'],
  [{ required: true, type: 'BooleanField' }, false, 'This field is required.'],
  [{ required: true, bases: ['NullBooleanField', 'BooleanField'], type: 'NullBooleanField' }, false, true],
  [{ required: true, disabled: true }, '', true],
  [{ required: true, widget: 'HiddenInput' }, '', true],
  [{ required: true, type: 'FileField' }, null, true],
  [{}, '', true],
  [{ limits: { max_length: 2 } }, 'abc', 'Ensure this value has at most 2 characters.'],
  [{ limits: { max_length: 2 } }, '🙂🙂', true],
  [{ limits: { min_length: 3 } }, ' ab ', 'Ensure this value has at least 3 characters.'],
  [{ limits: { min_value: 1 } }, 0, 'Ensure this value is greater than or equal to 1.'],
  [{ limits: { max_value: '9.5' } }, '9.50', true],
  [{ limits: { max_value: '9.5' } }, '9.6', 'Ensure this value is less than or equal to 9.5.'],
  [{ limits: { max_digits: 4, decimal_places: 2 } }, '1.234', 'Ensure that there are no more than 2 decimal places.'],
  [
    { limits: { max_digits: 4, decimal_places: 2 } },
    '-012345',
    'Ensure that there are no more than 4 digits in total.',
  ],
  [{ limits: { min_value: 1 } }, 'abc', true],
  [{}, new InvalidValue('{', 'Enter valid JSON.'), 'Enter valid JSON.'],
])('%j with %j: %s', (part, value, said) => expect(of(part, value)).toBe(said))

it('leaves it to the server where the page speaks a language that the form does not', async () => {
  document.documentElement.lang = 'de'
  const world = formOf([field({ name: 'title', required: true })], {
    validate: () => ({ title: [{ code: 'required', message: 'Dieses Feld ist zwingend.' }] }),
  })
  world.show(<BindingForm binding="desk.Ticket" />)
  await world.user.click(await screen.findByRole('button', { name: 'Save' }))
  expect(await screen.findByText('Dieses Feld ist zwingend.')).toBeInTheDocument()
  document.documentElement.lang = ''
})

it('asks the server nothing while it is known what is wrong; says so, and focuses it', async () => {
  const world = formOf([field({ name: 'note' }), field({ name: 'title', required: true })])
  world.show(<BindingForm binding="desk.Ticket" />)
  const title = await screen.findByRole('textbox', { name: /^Title/ })
  await world.user.click(save())
  await waitFor(() => expect(title).toHaveAccessibleDescription('This field is required.'))
  expect(title).toHaveFocus()
  expect(screen.getByRole('alert')).toHaveTextContent('Please check the marked fields.')
  expect(submitted(world)).toBeUndefined()
  await world.user.type(title, 'x')
  expect(title).toBeValid()
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toMatchObject({ title: 'x' }))
})
