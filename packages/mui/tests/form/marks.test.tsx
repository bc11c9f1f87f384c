import { BindingError } from '@channels-binding/core'
import type { FakeTableOptions } from '@channels-binding/core/testing'
import { BindingForm } from '@channels-binding/mui/form'
import { act, screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { sentence } from '../../src/form/marks.js'
import { field } from '../field.js'
import { violations } from '../helpers.js'
import { formOf, save } from './fields.js'
import { button, input, open, save as saveSteps, step, tickets } from './steps.js'

const validate: FakeTableOptions['validate'] = values => {
  const message = 'This field is required.'
  return values.title
    ? {}
    : { title: [{ code: 'required', message }], __all__: [{ code: 'x', message: 'Think again.' }] }
}

it('puts errors where they belong, focuses the first, and takes each away when its field changes', async () => {
  const world = formOf([field({ name: 'note' }), field({ name: 'title', help_text: 'Short.' })], {
    validate,
  })
  world.show(<BindingForm binding="desk.Ticket" />)
  const title = await screen.findByRole('textbox', { name: /^Title/ })
  expect(title).toHaveAccessibleDescription('Short.')
  await world.user.click(save())
  await waitFor(() => expect(title).toHaveAccessibleDescription('This field is required.'))
  expect(title).toHaveFocus()
  expect(title).toBeInvalid()
  expect(screen.getByRole('alert')).toHaveTextContent('Think again.')
  expect(await violations()).toEqual([])
  await world.user.type(title, 'x')
  expect(title).toBeValid()
  expect(title).toHaveAccessibleDescription('Short.')
  expect(screen.queryByRole('alert')).not.toBeInTheDocument()
})

it('says above the form what is wrong with a hidden field, and what else went wrong', async () => {
  const world = formOf([field({ name: 'token', widget: 'HiddenInput' })], {
    validate: () => ({ token: [{ code: 'x', message: 'Expired.' }] }),
  })
  world.show(<BindingForm binding="desk.Ticket" />)
  await world.user.click(await screen.findByRole('button', { name: 'Save' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('token: Expired.')
  world.server.bends.fail = () => new BindingError('forbidden', 'Not yours.')
  await world.user.click(save())
  await waitFor(() => expect(screen.getByRole('alert')).toHaveTextContent('Not yours.'))
})

it('says in one sentence what stands at no field', () => {
  const error = (message: string): { code: string; message: string }[] => [{ code: 'x', message }]
  expect(sentence([])).toBeNull()
  expect(sentence([['a', []]])).toBeNull()
  expect(
    sentence([
      ['__all__', error('Think.')],
      ['a', error('Missing.')],
    ]),
  ).toBe('Think. a: Missing.')
  expect(sentence([['lines', { 0: { text: error('Short.') }, __all__: error('Too few.') }]])).toBe(
    'lines: Short. Too few.',
  )
  expect(sentence([['a', 'no list']])).toBeNull()
})

it('puts errors on the fields of their row, focuses the first, and says what is wrong with a row or all of them', async () => {
  const world = tickets({ max: 4 })
  await open(world)
  await world.user.type(input(2, 'Minutes'), '0')
  await world.user.click(button('Add step'))
  await world.user.click(button('Add step'))
  expect(button('Add step')).toBeDisabled()
  act(() => void world.server.insert('desk.Step', { ticket: 1, text: 'Theirs', minutes: 1 }))
  await world.user.type(input(3, 'Minutes'), '61')
  await world.user.type(input(4, 'Text'), '7')
  await world.user.clear(input(4, 'Minutes'))
  await saveSteps(world)
  await waitFor(() => expect(input(2, 'Minutes')).toHaveAccessibleDescription('At most 60.'))
  expect(input(2, 'Minutes')).toHaveFocus()
  // Their row was read before this was saved.
  expect(input(4, 'Text')).toHaveAccessibleDescription('This field is required.')
  expect(input(4, 'Minutes')).toHaveAccessibleDescription('At most 60.')
  expect([input(1, 'Minutes'), input(5, 'Text')].map(each => each.getAttribute('aria-invalid'))).toEqual([
    'false',
    'false',
  ])
  expect(screen.getByText('Please submit at most 4 forms.')).toBeInTheDocument()
  expect(screen.getByText('Please check the marked fields.')).toBeInTheDocument()
  expect(await violations()).toEqual([])
  await world.user.click(button('Step 4: Delete'))
  expect(button('Step 4: Delete')).toHaveFocus()
  expect(screen.queryByText('Please submit at most 4 forms.')).not.toBeInTheDocument()
  expect(input(2, 'Minutes')).toBeInvalid()
})

it('focuses the row that is wrong as a whole, and takes the word away when it is changed', async () => {
  const fields = [field({ name: 'text' }), field({ name: 'minutes' })]
  const world = tickets({ fields })
  await open(world)
  await world.user.clear(input(2, 'Minutes'))
  await world.user.type(input(2, 'Minutes'), 'Visit')
  await saveSteps(world)
  await waitFor(() => expect(within(step(2)).getByRole('alert')).toHaveTextContent('Text and minutes are the same.'))
  expect(step(2)).toHaveFocus()
  await world.user.type(input(1, 'Minutes'), '1')
  expect(within(step(2)).getByRole('alert')).toBeInTheDocument()
  expect(input(1, 'Minutes')).toHaveFocus()
  await world.user.type(input(2, 'Minutes'), '1')
  expect(within(step(2)).queryByRole('alert')).not.toBeInTheDocument()
})
