import { useDebounced, useToggle } from '@channels-binding/core/react'
import { act, renderHook } from '@testing-library/react'
import { expect, it } from 'vitest'
import { fakeClock, settle } from '../helpers.js'

fakeClock()

it('waits until a value stands still', async () => {
  const { result, rerender } = renderHook(({ text }) => useDebounced(text, 100), { initialProps: { text: 'a' } })
  rerender({ text: 'ab' })
  await act(async () => void (await settle(99)))
  expect(result.current).toBe('a')
  await act(async () => void (await settle(1)))
  expect(result.current).toBe('ab')
})

it('keeps a value that never stands still for long enough', async () => {
  const { result, rerender } = renderHook(({ text }) => useDebounced(text, Number.POSITIVE_INFINITY), {
    initialProps: { text: 'a' },
  })
  rerender({ text: 'ab' })
  await act(async () => void (await settle(10_000)))
  expect(result.current).toBe('a')
})

it('toggles', () => {
  const { result } = renderHook(() => useToggle())
  act(() => result.current[1]())
  expect(result.current[0]).toBe(true)
  act(() => result.current[1](true))
  expect(result.current[0]).toBe(true)
  act(() => result.current[1]())
  expect(result.current[0]).toBe(false)
})
