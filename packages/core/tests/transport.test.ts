import { expect, it } from 'vitest'
import { messagesOf } from '../src/transport.js'

it.each([
  ['nonsense', []],
  ['7', []],
  ['null', []],
  ['{"event":5}', []],
  ['{"event":"a.b"}', [{ event: 'a.b' }]],
  ['[null,{"event":"a.b"},[],{"event":"c.d","id":1}]', [{ event: 'a.b' }, { event: 'c.d', id: 1 }]],
])('reads the messages of %s', (text, messages) => {
  expect(messagesOf(text)).toEqual(messages)
})
