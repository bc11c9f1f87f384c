import { CreateModal, UpdateModal, useUrlModal } from '@channels-binding/mui'
import type { RowAction } from '@channels-binding/mui/table'
import { act, renderHook, screen, waitFor } from '@testing-library/react'
import type { JSX } from 'react'
import { afterEach, expect, it } from 'vitest'
import { field } from './field.js'
import { formOf } from './form/fields.js'

const go = (search: string): void => {
  window.history.replaceState(null, '', `/${search}`)
  window.dispatchEvent(new PopStateEvent('popstate'))
}

afterEach(() => go(''))

it('keeps in the address whether a dialog is open, and for which row', async () => {
  const { result } = renderHook(() => useUrlModal<number | string>('edit'))
  expect(result.current).toMatchObject({ open: false, id: null })
  act(() => result.current.onOpen(7))
  expect(window.location.search).toBe('?edit=7')
  expect(result.current).toMatchObject({ open: true, id: 7 })
  act(() => result.current.onClose())
  await waitFor(() => expect(result.current.open).toBe(false))
  expect(window.location.search).toBe('')
  expect(result.current.id, 'while it fades out').toBe(7)
  act(() => result.current.onOpen('7'))
  expect(result.current.id).toBe('7')
  act(() => window.history.back())
  await waitFor(() => expect(result.current.open).toBe(false))
})

it('stays on the page where a link has opened it', () => {
  go('?page=2&new=')
  const steps = window.history.length
  const { result } = renderHook(() => useUrlModal('new'))
  expect(result.current).toMatchObject({ open: true, id: null })
  act(() => result.current.onClose())
  expect(window.location.search).toBe('?page=2')
  expect(window.history.length).toBe(steps)
  act(() => result.current.onClose())
  expect(window.location.search).toBe('?page=2')
})

it('opens the dialogs of this package by a link, each for its own name', async () => {
  function Page(): JSX.Element {
    const add = useUrlModal('new')
    const edit = useUrlModal('edit')
    return (
      <>
        <CreateModal binding="desk.Ticket" {...add} />
        <UpdateModal binding="desk.Ticket" {...edit} />
      </>
    )
  }
  go('?edit=')
  const world = formOf([field({ name: 'title', value: 'Printer' })])
  world.show(<Page />)
  expect(screen.queryByRole('dialog')).toBeNull()
  act(() => go('?edit=1'))
  expect(await screen.findByRole('dialog', { name: /^Change/ })).toBeVisible()
  act(() => go('?new='))
  expect(await screen.findByRole('dialog', { name: /^Add/ })).toBeVisible()
})

it('is opened for the row of a table, whose key may be of either kind', () => {
  const { result } = renderHook(() => useUrlModal('edit'))
  const action: RowAction = { label: 'Edit', run: row => result.current.onOpen(row.id) } // it compiles
  act(() => action.run({ id: 7 }))
  expect(result.current).toMatchObject({ open: true, id: 7 })
})
