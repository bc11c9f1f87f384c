import { expect, it } from 'vitest'
import { InvalidValue } from '../../src/form/types.js'

it('keeps what was typed beside why it cannot be sent', () => {
  expect(new InvalidValue('{', 'Enter valid JSON.')).toMatchObject({ text: '{', message: 'Enter valid JSON.' })
})
