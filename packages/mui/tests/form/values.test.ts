import { expect, it } from 'vitest'
import { submissionOf, toSend, valuesOf } from '../../src/form/values.js'
import { field } from '../field.js'

it('begins with the value, what the application wants, the initial value, or nothing', () => {
  const fields = [
    field({ name: 'a', value: 1, initial: 2 }),
    field({ name: 'b', initial: 2 }),
    field({ name: 'c', initial: 2 }),
    field({ name: 'd', multiple: true }),
    field({ name: 'e', type: 'BooleanField' }),
    field({ name: 'f' }),
    field({ name: 'g', type: 'DateField' }),
  ]
  expect(valuesOf(fields, { a: 3, b: 3 })).toEqual({ a: 1, b: 3, c: 2, d: [], e: false, f: '', g: null })
})

it('sends neither disabled fields nor files that were there before', () => {
  const file = field({ name: 'f', type: 'ImageField', bases: ['ImageField', 'FileField'] })
  const fields = [field({ name: 'a', disabled: true }), file, field({ name: 'b' })]
  expect(submissionOf(fields, { a: 1, f: '/media/x.png', b: 2 })).toEqual({ b: 2 })
  expect(submissionOf([file], { f: null })).toEqual({ f: null })
})

it('sends nothing of what it was not shown, unless somebody has typed something else', () => {
  const fields = [field({ name: 'a' }), field({ name: 'b', type: 'BooleanField', withheld: true })]
  const before = { a: '', b: false }
  expect(toSend(fields, { a: '', b: false }, before, true).map(({ name }) => name)).toEqual(['a'])
  expect(toSend(fields, { a: '', b: true }, before, true).map(({ name }) => name)).toEqual(['a', 'b'])
})

it('sends of a row that is there what says something else than the server, the application’s own values among them', () => {
  const fields = [field({ name: 'a', value: 'x' }), field({ name: 'b', value: [1] }), field({ name: 'c', value: null })]
  const before = { a: 'x', b: [1], c: 'given' }
  expect(toSend(fields, before, before, false).map(({ name }) => name)).toEqual(['c'])
  expect(toSend(fields, { ...before, a: 'y', b: [] }, before, false).map(({ name }) => name)).toEqual(['a', 'b', 'c'])
})
