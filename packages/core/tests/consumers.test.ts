import { getConsumer, registerConsumer } from '@channels-binding/core'
import { expect, it } from 'vitest'

it('keeps clients under names', () => {
  const client = registerConsumer('back1', { url: 'ws://fake/' })
  expect(getConsumer('back1')).toBe(client)
  const next = registerConsumer('back1')
  expect(getConsumer('back1')).toBe(next)
  expect(client.getState().status).toBe('closed')
  expect(() => getConsumer('back2')).toThrow(/registerConsumer\('back2'/)
})
