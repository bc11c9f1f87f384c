import { BindingForm } from '@channels-binding/mui/form'
import { screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { parseFloatText } from '../../src/form/text.js'
import { parseInteger } from '../../src/text.js'
import { field } from '../field.js'
import { formOf, itSends, type } from './fields.js'

itSends([
  ['CharField', {}, type('It', 'abc'), 'abc'],
  ['Textarea', { widget: 'Textarea', attrs: { rows: 4 } }, type('It', 'a{Enter}b'), 'a\nb'],
  ['PasswordInput', { widget: 'PasswordInput' }, type('It', 'secret'), 'secret'],
  [
    'EmailField',
    { type: 'EmailField', widget: 'EmailInput', bases: ['EmailField', 'CharField'] },
    type('It', 'a@b.c'),
    'a@b.c',
  ],
  ['URLField', { type: 'URLField', widget: 'URLInput' }, type('It', 'https://a.b'), 'https://a.b'],
  ['SlugField', { type: 'SlugField' }, type('It', ' a-b '), 'a-b'],
  ['UUIDField', { type: 'UUIDField' }, type('It', 'a1'), 'a1'],
  ['GenericIPAddressField', { type: 'GenericIPAddressField' }, type('It', '::1'), '::1'],
  ['IntegerField', { type: 'IntegerField', widget: 'NumberInput' }, type('It', '42'), 42],
  ['IntegerField beyond 2^53', { type: 'IntegerField' }, type('It', '90071992547409931'), '90071992547409931'],
  ['FloatField', { type: 'FloatField', widget: 'NumberInput' }, type('It', '1.5'), 1.5],
  ['DecimalField', { type: 'DecimalField', widget: 'NumberInput' }, type('It', '1.50'), '1.50'],
  ['DurationField', { type: 'DurationField' }, type('It', '1 02:00:00'), '1 02:00:00'],
])

it('shows a password only when asked', async () => {
  const world = formOf([field({ name: 'secret', widget: 'PasswordInput' })])
  world.show(<BindingForm binding="desk.Ticket" />)
  const secret = await screen.findByLabelText('Secret')
  expect(secret).toHaveAttribute('type', 'password')
  await world.user.click(screen.getByRole('button', { name: 'Show password' }))
  expect(secret).toHaveAttribute('type', 'text')
})

it('reads numbers, and leaves to the server what is none', () => {
  expect(['', ' 12 ', '1.5', '99999999999999999'].map(parseInteger)).toEqual([null, 12, '1.5', '99999999999999999'])
  expect(['', '1.5', '1.', '1,5', 'Infinity'].map(parseFloatText)).toEqual([null, 1.5, '1.', '1,5', 'Infinity'])
})
