import { readFileSync } from 'node:fs'
import { BindingError, ERROR_CODES, type FieldErrors, formsetErrors } from '@channels-binding/core'
import { expect, it } from 'vitest'

const spec = new URL('../../../spec/errors.json', import.meta.url)

it('holds the codes of the contract, no more and no less', () => {
  expect(ERROR_CODES).toEqual(JSON.parse(readFileSync(spec, 'utf8')))
})

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

it('reads what is wrong with the rows beside a form', () => {
  const required = [{ code: 'required', message: 'Missing.' }]
  const many = [{ code: 'too_many_forms', message: 'Too many.' }]
  const errors = { title: required, chapters: { '2': { title: required }, __all__: many } } as unknown as FieldErrors
  expect(formsetErrors(errors, 'chapters')).toEqual({ own: many, rows: new Map([[2, { title: required }]]) })
  expect(formsetErrors({ chapters: many }, 'chapters')).toEqual({ own: many, rows: new Map() })
  for (const nothing of [null, undefined, {}])
    expect(formsetErrors(nothing, 'chapters')).toEqual({ own: [], rows: new Map() })
})
