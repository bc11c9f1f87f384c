import { ConflictDialog } from '@channels-binding/mui'
import { render, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'

const user = userEvent.setup({ delay: null, pointerEventsCheck: 0 })
const conflict = (mine: object, theirs: object, base: object | null = null): never => ({ mine, theirs, base }) as never

it('shows values of any kind as text, and none as empty', () => {
  const mine = { title: '', extra: { a: 1 }, votes: 0, note: undefined }
  const theirs = { title: 'Theirs', extra: null, votes: 1, note: 'new' }
  render(
    <ConflictDialog conflict={conflict(mine, theirs, { title: 'Printer' })} onResolve={vi.fn()} onCancel={vi.fn()} />,
  )
  const said = screen.getAllByRole('radio').map(radio => radio.closest('label')?.textContent)
  expect(said).toEqual([
    'Theirs: Theirs',
    'Mine: (empty)',
    'Theirs: (empty)',
    'Mine: {"a":1}',
    'Theirs: 1',
    'Mine: 0',
    'Theirs: new',
    'Mine: (empty)',
  ])
  expect(screen.getByText('Before: Printer')).toBeInTheDocument()
})

it('asks of no field that is the same by now, absent or null', () => {
  const mine = { title: 'a', note: null, extra: undefined, votes: 1 }
  const theirs = { title: 'a', extra: null, votes: 2 }
  render(<ConflictDialog conflict={conflict(mine, theirs)} onResolve={vi.fn()} onCancel={vi.fn()} />)
  expect(screen.getAllByRole('group').map(group => group.querySelector('legend')?.textContent)).toEqual(['votes'])
})

it('gives the values that are to be mine, and none where all is theirs', async () => {
  const onResolve = vi.fn()
  const given = conflict({ title: 'Mine', votes: 1 }, { title: 'Theirs', votes: 2 })
  render(<ConflictDialog conflict={given} onResolve={onResolve} onCancel={vi.fn()} />)
  await user.click(screen.getByRole('button', { name: 'Save the choice' }))
  expect(onResolve).toHaveBeenLastCalledWith({})
  await user.click(screen.getByRole('radio', { name: 'Mine: 1' }))
  await user.click(screen.getByRole('button', { name: 'Save the choice' }))
  expect(onResolve).toHaveBeenLastCalledWith({ votes: 1 })
  await user.click(screen.getByRole('radio', { name: 'Theirs: 2' }))
  await user.click(screen.getByRole('button', { name: 'Save the choice' }))
  expect(onResolve).toHaveBeenLastCalledWith({})
})
