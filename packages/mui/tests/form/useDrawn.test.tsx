import { render } from '@testing-library/react'
import { useEffect, useState } from 'react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useDrawn } from '../../src/form/useDrawn.js'

let drawn: () => Promise<void>
let change: (value: string) => void
let seen = ''

function Page() {
  const [value, setValue] = useState('before')
  drawn = useDrawn()
  change = setValue
  useEffect(() => {
    seen = value
  }, [value])
  return null
}

// React draws by itself here, as in a page: inside of act() it would wait for the end of it.
beforeEach(() => vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false))
afterEach(() => vi.unstubAllGlobals())

test('what was changed before it, or by a timer that was due, has been drawn, and its effects have run', async () => {
  render(<Page />)
  setTimeout(() => change('after'))
  const waiting = drawn()
  expect(seen).toBe('before')
  await waiting
  expect(seen).toBe('after')
})

test('nobody waits for a page that has gone', async () => {
  render(<Page />).unmount()
  await drawn()
})

test('nor for one that goes before it is drawn', async () => {
  const { unmount } = render(<Page />)
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const waiting = drawn()
  await vi.runAllTimersAsync()
  unmount()
  vi.useRealTimers()
  await waiting
})
