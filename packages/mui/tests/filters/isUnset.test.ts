import { expect, it } from 'vitest'
import { isUnset } from '../../src/filters/isUnset.js'

it.each([null, undefined, '', []])('takes %o for a filter that is not set', value => {
  expect(isUnset(value)).toBe(true)
})

it.each([0, false, ' ', [''], {}])('takes %o for one that is', value => {
  expect(isUnset(value)).toBe(false)
})
