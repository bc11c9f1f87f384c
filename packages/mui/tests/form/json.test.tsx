import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { parseJson } from '../../src/form/json.js'
import { InvalidValue } from '../../src/form/types.js'
import { field } from '../field.js'
import { formOf, itSends, save, submitted, type } from './fields.js'

itSends([['JSONField', { type: 'JSONField', widget: 'Textarea' }, type('It', '{{"a": [[1]}'), { a: [1] }]])

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

it('reads JSON, and says what is none', () => {
  expect(parseJson('{"a": 1}')).toEqual({ a: 1 })
  expect(parseJson(' ')).toBeNull()
  expect(parseJson('{')).toEqual(new InvalidValue('{', 'Enter valid JSON.'))
})
