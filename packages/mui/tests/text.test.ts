import { expect, it } from 'vitest'
import { messagesOf, textOf } from '../src/text.js'

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

it('joins what is wrong with a field', () => {
  expect(messagesOf([{ message: 'Too short.' }, { message: 'Taken.' }])).toBe('Too short. Taken.')
  expect(messagesOf([])).toBe('')
  expect(messagesOf(undefined)).toBe('')
})
