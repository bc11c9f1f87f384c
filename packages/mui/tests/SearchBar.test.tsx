import { SearchBar } from '@channels-binding/mui'
import { act, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { type JSX, useState } from 'react'
import { expect, it, onTestFinished, vi } from 'vitest'
import { stage, violations } from './helpers.js'

it('searches when the text stands still', async () => {
  const { show, user } = stage({})
  const onChange = vi.fn()
  show(<SearchBar onChange={onChange} delayMs={30} />)
  await user.type(screen.getByRole('searchbox', { name: 'Search' }), 'mouse')
  await waitFor(() => expect(onChange).toHaveBeenCalledWith('mouse'))
  expect(onChange).toHaveBeenCalledOnce()
  expect(await violations()).toEqual([])
})

it('shows what others set in its place, and lets what was on its way go', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const told: string[] = []
  let set: (query: string) => void = () => undefined
  function Page(): JSX.Element {
    const [query, setQuery] = useState('printer')
    set = setQuery
    const tell = (text: string): void => {
      told.push(text)
      setQuery(text)
    }
    return <SearchBar value={query} onChange={tell} delayMs={30} />
  }
  render(<Page />)
  const box = screen.getByRole('searchbox')
  const type = (value: string): void => void fireEvent.change(box, { target: { value } })
  const wait = (ms: number): void => act(() => void vi.advanceTimersByTime(ms))
  expect(box).toHaveValue('printer')
  type('printers')
  wait(30)
  expect(told).toEqual(['printers'])
  type('printers!!')
  wait(29)
  act(() => set('mouse'))
  expect(box).toHaveValue('mouse')
  wait(100)
  expect(told).toEqual(['printers'])
  act(() => set('printers'))
  expect(box).toHaveValue('printers')
  type('printers on')
  wait(30)
  type('printers on fire')
  expect(told).toEqual(['printers', 'printers on'])
  expect(box).toHaveValue('printers on fire')
})
