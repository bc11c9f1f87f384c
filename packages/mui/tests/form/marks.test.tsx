import { BindingError } from '@channels-binding/core'
import type { FakeTableOptions } from '@channels-binding/core/testing'
import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { sentence } from '../../src/form/marks.js'
import { field } from '../field.js'
import { violations } from '../helpers.js'
import { formOf, save } from './fields.js'

const validate: FakeTableOptions['validate'] = values => {
  const message = 'This field is required.'
  return values.title
    ? {}
    : { title: [{ code: 'required', message }], __all__: [{ code: 'x', message: 'Think again.' }] }
}

it('puts errors where they belong, focuses the first, and takes each away when its field changes', async () => {
  const world = formOf([field({ name: 'note' }), field({ name: 'title', required: true, help_text: 'Short.' })], {
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
  world.server.bends.fail = () => new BindingError('throttled', 'Slowly.')
  await world.user.click(save())
  await waitFor(() => expect(screen.getByRole('alert')).toHaveTextContent('Slowly.'))
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
