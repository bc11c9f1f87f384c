import { BindingForm } from '@channels-binding/mui/form'
import { registerPickers } from '@channels-binding/mui/pickers'
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { field } from '../field.js'
import { stage } from '../helpers.js'

it('uses the pickers once they are registered', async () => {
  const undo = registerPickers()
  const fields = [
    field({ name: 'due', type: 'DateField', value: '2026-11-22' }),
    field({ name: 'moment', type: 'DateTimeField', value: '2026-11-22T14:30:00+00:00', help_text: 'Help.' }),
    field({ name: 'time', type: 'TimeField', value: '14:30:00' }),
  ]
  const { show, server, user } = stage({ 'desk.Ticket': { fields } })
  show(<BindingForm binding="desk.Ticket" />)
  expect(await screen.findByRole('group', { name: 'Due' })).toBeInTheDocument()
  await user.click(screen.getAllByRole('spinbutton', { name: 'Day' })[0] as HTMLElement)
  await user.keyboard('23')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(server.requests('form')).toHaveLength(2))
  const [, { data } = {}] = server.requests('form')
  const { submit } = data as { submit: Record<string, string> }
  expect(submit).toMatchObject({ due: '2026-11-23', time: '14:30:00' })
  expect(new Date(submit.moment ?? '')).toEqual(new Date('2026-11-22T14:30:00Z'))
  undo()
})
