import { BindingError } from '@channels-binding/core'
import { expect, it } from 'vitest'

it('reads an error off the wire with all that it carries', () => {
  const fields = { amount: [{ code: 'min_value', message: 'Too small.' }] }
  const wire = {
    code: 'invalid',
    status: 400,
    message: 'No.',
    fields,
    retry: false,
    ref: 'a1',
    retry_after: 2,
    limit: 3,
  }
  const error = BindingError.from(wire)
  expect(error).toBeInstanceOf(Error)
  expect({ ...error, message: error.message }).toMatchObject({
    code: 'invalid',
    status: 400,
    message: 'No.',
    fields,
    retry: false,
    ref: 'a1',
    retryAfterSeconds: 2,
    limit: 3,
  })
})

it.each([undefined, null, 'text', 7, {}])('makes an internal error of %j', wire => {
  expect(BindingError.from(wire)).toMatchObject({ code: 'internal', status: 500, retry: false })
})

it('keeps a code that it does not know', () => {
  expect(BindingError.from({ code: 'tea', status: 418, message: 'short and stout' })).toMatchObject({
    code: 'tea',
    status: 418,
  })
})

it.each(['constructor', '__proto__', 'toString'])(
  'makes nothing of a code that is named as what every object has: %s',
  code => {
    expect(BindingError.from({ code })).toMatchObject({ code, status: 500, retry: false })
  },
)
