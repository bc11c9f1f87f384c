import { canonical, eventName, parseEvent } from '@channels-binding/core'
import { expect, it } from 'vitest'

it.each([
  ['app.Order.search#h1', { stream: 'app.Order', action: 'search', hash: 'h1' }],
  ['app.Order.search', { stream: 'app.Order', action: 'search', hash: null }],
  ['custom_stream.custom_event', { stream: 'custom_stream', action: 'custom_event', hash: null }],
  ['a.b#c#d.e', { stream: 'a', action: 'b', hash: 'c#d.e' }],
  ['alone', { stream: '', action: 'alone', hash: null }],
])('takes %s apart', (event, parts) => {
  expect(parseEvent(event)).toEqual(parts)
})

it('puts a name together', () => {
  expect(eventName('app.Order', 'search', 'h1')).toBe('app.Order.search#h1')
  expect(eventName('app.Order', 'search')).toBe('app.Order.search')
})

it('writes equal parameters as equal text', () => {
  expect(canonical({ b: [{ d: 1, c: 2 }], a: undefined })).toBe(canonical({ a: undefined, b: [{ c: 2, d: 1 }] }))
  expect(canonical({ order: ['a', 'b'] })).not.toBe(canonical({ order: ['b', 'a'] }))
})
