import type { FieldErrors } from '@channels-binding/core'
import { formsetErrors } from '@channels-binding/core/forms'
import { expect, it } from 'vitest'

it('reads what is wrong with the rows beside a form', () => {
  const required = [{ code: 'required', message: 'Missing.' }]
  const many = [{ code: 'too_many_forms', message: 'Too many.' }]
  const errors = { title: required, chapters: { '2': { title: required }, __all__: many } } as unknown as FieldErrors
  expect(formsetErrors(errors, 'chapters')).toEqual({ own: many, rows: new Map([[2, { title: required }]]) })
  expect(formsetErrors({ chapters: many }, 'chapters')).toEqual({ own: many, rows: new Map() })
  for (const nothing of [null, undefined, {}])
    expect(formsetErrors(nothing, 'chapters')).toEqual({ own: [], rows: new Map() })
})
