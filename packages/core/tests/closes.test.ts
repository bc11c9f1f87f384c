import { expect, it } from 'vitest'
import { errorOfClose, isFinal, isRefusal } from '../src/closes.js'

it.each([
  [4400, 'bad_request', true, false],
  [4401, 'unauthenticated', true, true],
  [4403, 'forbidden', true, true],
  [4413, 'too_large', true, false],
  [4429, 'limit_exceeded', true, false],
  [4500, 'unavailable', false, false],
  [4503, 'unavailable', false, false],
  [1006, 'unavailable', false, false],
])('says what %i means', (code, meaning, is, isUnwanted) => {
  const error = errorOfClose(code, 'because', true)
  expect([error.code, isFinal(code), isRefusal(code)]).toEqual([meaning, is, isUnwanted])
  expect(error.message).toMatch(/ \(because\)\.$/)
  expect(errorOfClose(code, '', true).message).not.toContain('(')
})

it('tells a connection that was lost from one that could not be opened', () => {
  expect(errorOfClose(1006, '', true).message).toBe('The connection was lost.')
  expect(errorOfClose(1006, '', false).message).toBe('The connection could not be opened.')
})
