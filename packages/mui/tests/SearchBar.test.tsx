import { SearchBar } from '@channels-binding/mui'
import { screen, waitFor } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
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
