import { render, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { type JSX, Suspense } from 'react'
import { expect, it, vi } from 'vitest'
import { late } from '../src/late.js'

const Found = ({ name }: { name: string }): JSX.Element => <p>Hello {name}</p>

it('leaves the page as it is where a part of it cannot be loaded, and tries again when it is asked to', async () => {
  const load = vi.fn(async () => Found)
  load.mockRejectedValueOnce(new TypeError('Failed to fetch dynamically imported module'))
  const Part = late(load)
  render(
    <>
      <input aria-label="Typed" defaultValue="half a sentence" />
      <Suspense>
        <Part name="Ann" />
      </Suspense>
    </>,
  )
  expect(await screen.findByText('This part of the page could not be loaded.')).toBeInTheDocument()
  expect(screen.getByLabelText('Typed')).toHaveValue('half a sentence')
  await userEvent.click(screen.getByRole('button', { name: 'Retry' }))
  expect(await screen.findByText('Hello Ann')).toBeInTheDocument()
  expect(load).toHaveBeenCalledTimes(2)
})
