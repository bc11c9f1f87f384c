import { BindingError } from '@channels-binding/core'
import { BindingForm } from '@channels-binding/mui/form'
import { DatePickerField, registerPickers } from '@channels-binding/mui/pickers'
import { screen, waitFor, within } from '@testing-library/react'
import dayjs from 'dayjs'
import type { ReactElement } from 'react'
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

it('has no value where there is none, shows what is wrong, and sends null once it is cleared', async () => {
  const undo = registerPickers()
  const fields = [
    field({ name: 'due', type: 'DateField', value: '2026-11-22' }),
    field({ name: 'end', type: 'DateField', value: '' }),
  ]
  const { show, server, user } = stage({ 'desk.Ticket': { fields } })
  show(<BindingForm binding="desk.Ticket" />)
  const due = await screen.findByRole('group', { name: 'Due' })
  expect(within(screen.getByRole('group', { name: 'End' })).getByRole('spinbutton', { name: 'Day' })).toHaveTextContent(
    'DD',
  )
  await user.click(within(due).getByRole('spinbutton', { name: 'Day' }))
  await user.keyboard('{Control>}a{/Control}{Backspace}')
  server.bends.fail = () =>
    new BindingError('invalid', 'No.', { fields: { end: [{ message: 'Say when.', code: 'required' }] } })
  await user.click(screen.getByRole('button', { name: 'Save' }))
  expect(await screen.findByText('Say when.')).toBeInTheDocument()
  const [, { data } = {}] = server.requests('form')
  expect((data as { submit: object }).submit).toMatchObject({ due: null })
  undo()
})

it('keeps the last whole date while another one is being typed', () => {
  const told: unknown[] = []
  const due = field({ name: 'due', type: 'DateField' })
  const props = {
    field: due,
    value: '2026-11-22',
    error: null,
    disabled: false,
    onChange: (value: unknown) => told.push(value),
  }
  const { props: picker } = (DatePickerField as (props: object) => ReactElement<{ children: ReactElement<Picker> }>)(
    props,
  )
  picker.children.props.onChange(dayjs('no date'))
  picker.children.props.onChange(dayjs('2026-12-24'))
  expect(told).toEqual(['2026-11-22', '2026-12-24'])
})

interface Picker {
  readonly onChange: (value: dayjs.Dayjs | null) => void
}
