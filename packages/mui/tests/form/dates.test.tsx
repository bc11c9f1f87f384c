import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { DateTimeField, localText, TimeField, withOffset } from '../../src/form/dates.js'
import { field } from '../field.js'
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

it('keeps microseconds where the second stays what it was', () => {
  const onChange = vi.fn()
  const common = { onChange, onBlur: vi.fn(), error: undefined, disabled: false, inputRef: null }
  const time = field({ name: 'it', type: 'TimeField' })
  render(<TimeField {...common} field={time} value="14:30:05.123456" />)
  const input = screen.getByLabelText('It')
  expect(input).toHaveValue('14:30:05')
  fireEvent.change(input, { target: { value: '15:30:05' } })
  fireEvent.change(input, { target: { value: '15:30:06' } })
  expect(onChange.mock.calls.flat()).toEqual(['15:30:05.123456', '15:30:06'])
  cleanup()
  onChange.mockClear()
  const moment = `${localText('2026-11-22T13:30:05Z')}.123456Z`
  render(<DateTimeField {...common} field={field({ name: 'it', type: 'DateTimeField' })} value={moment} />)
  fireEvent.change(screen.getByLabelText('It'), { target: { value: '2026-11-23T13:30:05' } })
  expect(onChange.mock.calls[0]?.[0]).toMatch(/^2026-11-23T13:30:05\.123456[+-]\d\d:\d\d$/)
})
