import { useSearch } from '@channels-binding/core/react'
import { act, render, screen } from '@testing-library/react'
import type { JSX } from 'react'
import { expect, it, vi } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

import { extend } from '../../src/react/extend.js'

it('does not render for what nobody reads', async () => {
  const { Wrapper, wait } = stage()
  const renders = vi.fn()
  const Counter = (): JSX.Element => {
    const { rows, refresh } = useSearch('shop.Product', {})
    renders()
    return <button type="button" onClick={() => void refresh()}>{`${rows.length} rows`}</button>
  }
  render(<Counter />, { wrapper: Wrapper })
  await wait()
  renders.mockClear()
  act(() => screen.getByText('3 rows').click())
  await wait()
  expect(renders).not.toHaveBeenCalled()
})

it('has the members of both, and those that were added first', () => {
  const result = { data: 1, status: 'success' }
  const extended = extend(result, { status: 'mine', rows: [2] })
  expect(extended).toMatchObject({ data: 1, status: 'mine', rows: [2] })
  expect(Object.keys(extended)).toEqual(['data', 'status', 'rows'])
  expect({ ...extended }).toEqual({ data: 1, status: 'mine', rows: [2] })
  expect(['data' in extended, 'rows' in extended, 'other' in extended]).toEqual([true, true, false])
  expect(result).toEqual({ data: 1, status: 'success' })
})

it('reads a member of the result only when it is asked for', () => {
  const read = vi.fn(() => 7)
  const result = Object.defineProperty({}, 'data', { get: read, enumerable: true, configurable: true })
  const extended = extend(result as { data: number }, { rows: [] })
  expect(extended.rows).toEqual([])
  expect(read).not.toHaveBeenCalled()
  expect(extended.data).toBe(7)
})
