import { expect, it, vi } from 'vitest'
import { warnOfUnknown, warnOnce } from '../src/warnings.js'

it('says the same once, and what there is', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  warnOnce('same')
  warnOnce('same')
  warnOfUnknown('shop.Order', 'field', ['a', 'b'], [])
  warnOfUnknown('shop.Order', 'field', [], ['x'])
  expect(warn.mock.calls.flat()).toEqual([
    'same',
    "shop.Order has no field 'a' for this user; there are: none.",
    "shop.Order has no field 'b' for this user; there are: none.",
  ])
  warn.mockRestore()
})
