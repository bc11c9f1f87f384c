import { expect, it } from 'vitest'
import { crc32 } from '../src/crc32.js'

it('computes CRC-32 as everybody does', () => {
  expect(crc32('')).toBe('00000000')
  expect(crc32('123456789')).toBe('cbf43926')
  expect(crc32('ü')).toBe(crc32('\u00fc'))
})
