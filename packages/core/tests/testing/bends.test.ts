import { expect, it } from 'vitest'
import { straight } from '../../src/testing/bends.js'

it('bends nothing, and bends no other server', () => {
  expect(straight()).toEqual({
    delayMs: 0,
    duplicate: false,
    reorder: false,
    drop: 0,
    silent: false,
    refuse: 0,
    unreachable: 0,
    buffered: false,
    signedOut: false,
    wrongVersion: 0,
    fail: null,
  })
  expect(straight()).not.toBe(straight())
})
