import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { checkJson } from '../../src/form/json.js'
import { InvalidValue } from '../../src/form/types.js'
import { field } from '../field.js'
import { formOf, itSends, save, submitted, type } from './fields.js'

itSends([['JSONField', { type: 'JSONField', widget: 'Textarea' }, type('It', '{{"a": [[1]}'), '{"a": [1]}']])

it('submits nothing while JSON is none', async () => {
  const world = formOf([field({ name: 'data', type: 'JSONField', widget: 'Textarea' })])
  world.show(<BindingForm binding="desk.Ticket" />)
  const data = await screen.findByRole('textbox', { name: 'Data' })
  await world.user.type(data, '{{"a"')
  await world.user.click(save())
  await waitFor(() => expect(data).toHaveAccessibleDescription('Enter valid JSON.'))
  expect(data).toHaveFocus()
  expect(data).toHaveValue('{"a"')
  expect(submitted(world)).toBeUndefined()
})

it('sends JSON as the text that it is, and says what is none', () => {
  for (const text of ['{"a": 1}', '"text"', '12345678901234567890', 'null', ' [1]\n'])
    expect(checkJson(text)).toBe(text)
  expect(checkJson(' ')).toBeNull()
  expect(checkJson('{')).toEqual(new InvalidValue('{', 'Enter valid JSON.'))
})

it.each([
  ['{"a": 1}', '{"a": 1}'],
  ['"text"', '"text"'],
  ['null', 'null'],
  [{ a: 1 }, '{\n  "a": 1\n}'],
])('shows %j once, and sends it back as it came', async (value, shown) => {
  const world = formOf([field({ name: 'data', type: 'JSONField', widget: 'Textarea', value })])
  world.show(<BindingForm binding="desk.Ticket" />)
  expect(await screen.findByRole('textbox', { name: 'Data' })).toHaveValue(shown)
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ data: value }))
})
