import { FilterChips, FilterPanel } from '@channels-binding/mui/filters'
import { screen, waitFor } from '@testing-library/react'
import { useState } from 'react'
import { expect, it, vi } from 'vitest'
import { stage, violations } from '../helpers.js'
import { tables } from './tables.js'

function Filtered({ onChange, names }: { onChange: (value: object) => void; names?: string[] }): React.JSX.Element {
  const [value, setValue] = useState<Record<string, unknown>>({ owner: 7 })
  const change = (next: object): void => {
    onChange(next)
    setValue(next as Record<string, unknown>)
  }
  return (
    <>
      <FilterPanel binding="desk.Ticket" value={value} onChange={change} delayMs={10} {...(names && { names })} />
      <FilterChips binding="desk.Ticket" value={value} onChange={change} />
    </>
  )
}

it('has a field for each filter of the stream, and a chip for each that is set', async () => {
  const { show, user } = stage(tables)
  const onChange = vi.fn()
  show(<Filtered onChange={onChange} />)
  expect(await screen.findByText('Owner: ann')).toBeInTheDocument()
  expect(await violations()).toEqual([])
  await user.click(screen.getByRole('combobox', { name: 'State' }))
  await user.click(screen.getByRole('option', { name: 'Done' }))
  await waitFor(() => expect(onChange).toHaveBeenLastCalledWith({ owner: 7, status: 'done' }))
  expect(await screen.findByText('State: Done')).toBeInTheDocument()
  await user.type(screen.getByRole('textbox', { name: 'Title has' }), 'x')
  await waitFor(() => expect(onChange).toHaveBeenLastCalledWith({ owner: 7, status: 'done', title__icontains: 'x' }))
  await user.click(screen.getByRole('combobox', { name: 'Urgent' }))
  await user.click(screen.getByRole('option', { name: 'No' }))
  expect(await screen.findByText('Urgent: No')).toBeInTheDocument()
  await user.clear(screen.getByRole('textbox', { name: 'Title has' }))
  await waitFor(() => expect(onChange).toHaveBeenLastCalledWith({ owner: 7, status: 'done', urgent: false }))
  const chip = screen.getByRole('button', { name: 'Remove the filter State: Done' })
  chip.focus()
  await user.keyboard('{Delete}')
  expect(onChange).toHaveBeenLastCalledWith({ owner: 7, urgent: false })
  await user.click(screen.getByRole('button', { name: 'Clear filters' }))
  await waitFor(() => expect(onChange).toHaveBeenLastCalledWith({}))
  expect(screen.queryByText(/Owner: /)).not.toBeInTheDocument()
})

it('shows some filters, and leaves the others as they are', async () => {
  const { show, user } = stage(tables)
  const onChange = vi.fn()
  show(<Filtered onChange={onChange} names={['status', 'none']} />)
  await user.click(await screen.findByRole('combobox', { name: 'State' }))
  await user.click(screen.getByRole('option', { name: 'Open' }))
  await waitFor(() => expect(onChange).toHaveBeenLastCalledWith({ owner: 7, status: 'open' }))
  expect(screen.queryByRole('textbox', { name: 'Title has' })).not.toBeInTheDocument()
  await user.click(screen.getByRole('button', { name: 'Clear filters' }))
  await waitFor(() => expect(onChange).toHaveBeenLastCalledWith({ owner: 7 }))
})

it('shows nothing chosen where yes or no is not asked for, and the browser has nothing to complain of', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const { show } = stage(tables)
  show(<Filtered onChange={vi.fn()} />)
  expect(await screen.findByRole('combobox', { name: 'Urgent' })).not.toHaveTextContent(/\w/)
  expect(warn.mock.calls).toEqual([])
  warn.mockRestore()
})
