import { expect, it } from 'vitest'
import { localText, withOffset } from '../../src/form/dates.js'
import { itSends, type } from './fields.js'

itSends([
  ['DateField', { type: 'DateField', widget: 'DateInput' }, type('It', '2026-11-22'), '2026-11-22'],
  ['TimeField', { type: 'TimeField', widget: 'TimeInput' }, type('It', '14:30'), '14:30'],
  [
    'DateTimeField',
    { type: 'DateTimeField', widget: 'DateTimeInput' },
    type('It', '2026-11-22T14:30'),
    withOffset('2026-11-22T14:30'),
  ],
])

it('reads and writes moments, and leaves to the server what is none', () => {
  const moment = '2026-11-22T13:30:00Z'
  expect(new Date(withOffset(localText(moment))).toISOString()).toBe('2026-11-22T13:30:00.000Z')
  expect(withOffset(localText(moment))).toMatch(/[+-]\d\d:\d\d$/)
  expect([localText(null), localText('nonsense'), withOffset('nonsense')]).toEqual(['', '', 'nonsense'])
})
