import { expect, it } from 'vitest'
import { labelOf, messagesOf, reasonOf, relationText, textOf } from '../src/text.js'

it.each([
  [{ id: 1, label: 'a', name: 'b' }, 'a'],
  [{ id: 1, name: 'b', title: 'c' }, 'b'],
  [{ id: 1, title: 'c', username: 'd' }, 'c'],
  [{ id: 1, username: 'd' }, 'd'],
  [{ id: 1, name: null }, '#1'],
  [{ id: 'x', other: 'e' }, '#x'],
  [{ id: 1, label: 0 }, '0'],
])('calls %j %s', (row, text) => {
  expect(textOf(row)).toBe(text)
})

it('knows texts by keys of any name, and takes nothing else for one', () => {
  const labels = JSON.parse('{"__proto__": "Proto", "7": "Ann"}') as Record<string, string>
  const keys = ['__proto__', 7, 'constructor', 'toString', null]
  expect(keys.map(key => labelOf(labels, key))).toEqual(['Proto', 'Ann', undefined, undefined, undefined])
  expect(keys.map(key => labelOf(undefined, key))).toEqual(keys.map(() => undefined))
  expect(relationText(['__proto__', 'constructor'], {})).toBe('__proto__, constructor')
})

it('joins what is wrong with a field', () => {
  expect(messagesOf([{ message: 'Too short.' }, { message: 'Taken.' }])).toBe('Too short. Taken.')
  expect(messagesOf([])).toBe('')
  expect(messagesOf(undefined)).toBe('')
})

it('says of a refused read which name was wrong, and nothing twice', () => {
  const wrong = [{ code: 'unknown', message: 'Cannot filter by that.' }]
  expect(reasonOf({ message: 'No.', fields: { filters: { titel: wrong }, limit: wrong } })).toBe(
    'No. titel: Cannot filter by that. limit: Cannot filter by that.',
  )
  expect(reasonOf({ message: 'Cannot filter by that.', fields: { order: wrong } })).toBe('Cannot filter by that.')
  expect(reasonOf({ message: 'No.', fields: { odd: 'text' } })).toBe('No.')
  expect([reasonOf({ message: 'No.' }), reasonOf(null)]).toEqual(['No.', null])
})
