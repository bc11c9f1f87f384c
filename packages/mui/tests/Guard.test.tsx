import { render, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { Guard, guarded } from '../src/Guard.js'

function Text({ value }: { readonly value: unknown }): React.JSX.Element {
  return <p>{`${value}`}</p>
}

it('puts something else in the place of what cannot be shown, and tries again with another value', () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const shown = (value: unknown): React.JSX.Element => (
    <Guard value={value} fallback={<p>nothing</p>}>
      <Text value={value} />
    </Guard>
  )
  const view = render(shown({ toString: 1 }))
  expect(screen.getByText('nothing')).toBeInTheDocument()
  view.rerender(shown('something'))
  expect(screen.getByText('something')).toBeInTheDocument()
  vi.restoreAllMocks()
})

it('makes a function answer something else where it would throw', () => {
  const text = guarded(
    (value: unknown) => `${value}`,
    () => '?',
  )
  expect(text(7)).toBe('7')
  expect(text({ toString: 1 })).toBe('?')
})
