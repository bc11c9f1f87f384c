import { BindingError } from '@channels-binding/core'
import { BindingForm } from '@channels-binding/mui/form'
import { act, screen, waitFor } from '@testing-library/react'
import { useState } from 'react'
import { expect, it, vi } from 'vitest'
import { field } from '../field.js'
import { formOf, save } from './fields.js'

const FIELDS = [field({ name: 'title' }), field({ name: 'note' }), field({ name: 'secret', widget: 'PasswordInput' })]

function Leaving({ onSuccess }: { onSuccess?: () => void }): React.JSX.Element {
  const [id, setId] = useState<number | null>(1)
  return (
    <>
      <button type="button" onClick={() => setId(id === null ? 1 : null)}>
        Go
      </button>
      {id !== null && <BindingForm binding="desk.Ticket" id={id} {...(onSuccess && { onSuccess })} />}
    </>
  )
}

const go = (): void => act(() => screen.getByRole('button', { name: 'Go' }).click())
const title = (): Promise<HTMLElement> => screen.findByRole('textbox', { name: 'Title' })

it('has again what was typed and not saved when one comes back, but no password', async () => {
  const { show, user, server } = formOf(FIELDS)
  show(<Leaving />)
  await user.type(await title(), '!')
  await user.type(screen.getByLabelText('Secret'), 'word')
  go()
  server.update('desk.Ticket', 1, { note: 'theirs' })
  go()
  expect(await screen.findByText('What you had typed here and not saved is back.')).toBeInTheDocument()
  expect(await title()).toHaveValue('Printer!')
  await waitFor(() => expect(screen.getByRole('textbox', { name: 'Note' })).toHaveValue('theirs'))
  expect(screen.getByLabelText('Secret')).toHaveValue('')
  await user.click(screen.getByRole('button', { name: 'Drop it' }))
  await waitFor(async () => expect(await title()).toHaveValue('Printer'))
  go()
  go()
  await title()
  expect(screen.queryByText(/is back/)).not.toBeInTheDocument()
})

it('keeps nothing of what was saved', async () => {
  const { show, user, server } = formOf(FIELDS)
  show(<Leaving />)
  await user.type(await title(), '!')
  await user.click(save())
  await waitFor(() => expect(server.rows('desk.Ticket')[0]).toMatchObject({ title: 'Printer!' }))
  await act(() => new Promise(resolve => setTimeout(resolve, 100)))
  go()
  go()
  await title()
  expect(screen.queryByText(/is back/)).not.toBeInTheDocument()
})

it('keeps nothing of what was saved where the form goes as soon as it is', async () => {
  const { show, user } = formOf(FIELDS)
  show(<Leaving onSuccess={() => screen.getByRole('button', { name: 'Go' }).click()} />)
  await user.type(await title(), '!')
  await user.click(save())
  await waitFor(() => expect(screen.queryByRole('textbox', { name: 'Title' })).not.toBeInTheDocument())
  go()
  expect(await title()).toHaveValue('Printer!')
  expect(screen.queryByText(/is back/)).not.toBeInTheDocument()
})

it('takes what is on its way for no draft when it is left, unless it is refused, and tells nobody of it', async () => {
  const { show, user, server } = formOf(FIELDS)
  const onSuccess = vi.fn()
  show(<Leaving onSuccess={onSuccess} />)
  const saveLater = async (text: string): Promise<void> => {
    await user.type(await title(), text)
    server.bends.fail = () => new BindingError('throttled', 'Slowly.', { retry_after: 0.2 })
    await user.click(save())
    await screen.findByText(/Not sent yet/)
    go()
  }
  await saveLater('!')
  go()
  expect(await title()).toHaveValue('Printer')
  expect(screen.getByText(/Not sent yet/)).toBeInTheDocument()
  go()
  server.bends.fail = null
  await waitFor(() => expect(server.rows('desk.Ticket')[0]).toMatchObject({ title: 'Printer!' }))
  await act(() => new Promise(resolve => setTimeout(resolve, 100)))
  go()
  await waitFor(async () => expect(await title()).toHaveValue('Printer!'))
  expect(screen.queryByText(/is back/)).not.toBeInTheDocument()
  await saveLater('?')
  server.bends.fail = () => new BindingError('forbidden', 'No.')
  await act(() => new Promise(resolve => setTimeout(resolve, 400)))
  server.bends.fail = null
  go()
  expect(await screen.findByText(/is back/)).toBeInTheDocument()
  expect(await title()).toHaveValue('Printer!?')
  expect(onSuccess).not.toHaveBeenCalled()
})

it('lets the browser ask before a reload while something was typed', async () => {
  const { show, user } = formOf(FIELDS)
  show(<Leaving />)
  const isAsked = (): boolean => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))
  const field = await title()
  expect(isAsked()).toBe(false)
  await user.type(field, '!')
  expect(isAsked()).toBe(true)
})
