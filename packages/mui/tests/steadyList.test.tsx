import { act, renderHook } from '@testing-library/react'
import type { SyntheticEvent } from 'react'
import { afterEach, expect, it, vi } from 'vitest'
import { useSteadyList } from '../src/steadyList.js'

afterEach(() => {
  vi.unstubAllGlobals()
  document.body.replaceChildren()
})

/** A field in a window of 1,000 pixels, opened; where its list stands then, and how much room it has. */
function opened(top: number, { isInside = true } = {}): { placement: unknown; maxHeight: string; paper: unknown } {
  vi.stubGlobal('innerHeight', 1_000)
  const field = document.createElement('div')
  field.className = isInside ? 'MuiAutocomplete-root' : ''
  const input = field.appendChild(document.createElement('input'))
  document.body.append(field)
  const measured = isInside ? field : input
  measured.getBoundingClientRect = () => ({ top, bottom: top + 40 }) as DOMRect
  const { result } = renderHook(() => useSteadyList())
  act(() => result.current.onOpen({ target: input } as unknown as SyntheticEvent))
  const { popper, maxHeight, paper } = result.current
  return { placement: (popper as { placement?: unknown }).placement, maxHeight, paper }
}

it('stands below a field that has room there', () => {
  expect(opened(100)).toEqual({ placement: 'bottom-start', maxHeight: 'min(40vh, 844px)', paper: {} })
})

it('stands above one at the end of the window, and keeps its height there', () => {
  expect(opened(900)).toMatchObject({
    placement: 'top-start',
    maxHeight: 'min(40vh, 884px)',
    paper: { sx: { height: 'min(40vh, 884px)' } },
  })
})

it('measures the field itself where it stands in none of Material UI', () => {
  expect(opened(900, { isInside: false })).toMatchObject({ placement: 'top-start' })
})

it('has room for two options in a window that has none', () => {
  expect(opened(0)).toMatchObject({ placement: 'bottom-start' })
  vi.stubGlobal('innerHeight', 60)
  const input = document.body.appendChild(document.createElement('input'))
  input.getBoundingClientRect = () => ({ top: 10, bottom: 50 }) as DOMRect
  const { result } = renderHook(() => useSteadyList())
  expect(result.current.maxHeight).toBe('40vh')
  act(() => result.current.onOpen({ target: input } as unknown as SyntheticEvent))
  expect(result.current.maxHeight).toBe('min(40vh, 96px)')
})
