import { expect, it } from 'vitest'
import { InvalidValue } from '../../src/form/types.js'
import { changedLabels, valueText } from '../../src/form/useTouched.js'
import { field } from '../field.js'

const level = field({
  name: 'level',
  type: 'ChoiceField',
  choices: [
    { value: '', label: '-----' },
    { value: 1, label: 'Low' },
  ],
})
const owner = field({ name: 'owner', relation: { stream: 'auth.User', filters: {}, labels: { 7: 'Ann' } } as never })

it.each([
  ['a text', level, 'x', 'x'],
  ['a choice by its name', level, 1, 'Low'],
  ['none as nothing, whatever the empty choice is called', level, '', ''],
  ['null', level, null, ''],
  ['what is not there', level, undefined, ''],
  ['a related row by its text', owner, 7, 'Ann'],
  ['one without a text by its key', owner, 8, '8'],
  ['several', owner, [7, 8], 'Ann, 8'],
  ['an object', undefined, { a: [1] }, '{"a":[1]}'],
  ['no', undefined, false, 'false'],
  ['a file by its name', undefined, new File(['x'], 'plan.pdf'), 'plan.pdf'],
  ['bytes without a name', undefined, new Blob(['x']), ''],
  ['what is no value of its kind as it was typed', undefined, new InvalidValue('12:61', 'No time.'), '12:61'],
])('says %s', (_what, of, value, text) => {
  expect(valueText(of, value)).toBe(text)
})

it('tells fields that others have changed and this user has not touched, whatever they hold', () => {
  const fields = [field({ name: 'a' }), field({ name: 'b' }), field({ name: 'c' })]
  const typed = { a: null, b: new InvalidValue('12:61', 'No time.'), c: 1 }
  const before = { a: undefined, b: '12:00', c: 1 }
  expect(changedLabels(fields, before as never, { a: 'x', b: '13:00', c: 2 }, typed as never)).toEqual(['A', 'C'])
})
