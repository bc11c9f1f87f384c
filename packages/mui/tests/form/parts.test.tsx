import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { field } from '../field.js'
import { violations } from '../helpers.js'
import { formOf, save, submitted } from './fields.js'

it('edits the ends of a range and the parts of an array', async () => {
  const range = { bases: ['DateRangeField', 'BaseRangeField', 'MultiValueField', 'Field'], widget: 'RangeWidget' }
  const world = formOf([
    field({ name: 'days', label: 'Days', type: 'DateRangeField', ...range, value: ['2026-01-02', null] }),
    field({
      name: 'size',
      label: 'Size',
      type: 'IntegerRangeField',
      bases: ['IntegerRangeField', 'BaseRangeField'],
      value: null,
    }),
    field({ name: 'spots', label: 'Spots', type: 'SplitArrayField', bases: ['SplitArrayField'], value: [1, null] }),
  ])
  world.show(<BindingForm binding="desk.Ticket" />)
  expect(await screen.findByRole('group', { name: 'Days' })).toBeInTheDocument()
  expect(screen.getByLabelText('Days from')).toHaveValue('2026-01-02')
  await world.user.type(screen.getByLabelText('Days to'), '2026-01-05')
  await world.user.type(screen.getByLabelText('Size to'), '9')
  await world.user.type(screen.getByLabelText('Spots 2'), '7')
  expect(await violations()).toEqual([])
  await world.user.click(save())
  const sent = { days: ['2026-01-02', '2026-01-05'], size: [null, 9], spots: [1, '7'] }
  await waitFor(() => expect(submitted(world)).toEqual(sent))
})

it('edits the inputs of a field of several one by one where its value has them apart, else as text', async () => {
  const money = { bases: ['MoneyField', 'MultiValueField', 'Field'], widget: 'MoneyWidget', type: 'MoneyField' }
  const world = formOf([
    field({ name: 'price', label: 'Price', ...money, value: ['7.00', 'EUR'] }),
    field({ name: 'place', label: 'Place', ...money, value: '1/2' }),
  ])
  world.show(<BindingForm binding="desk.Ticket" />)
  await world.user.clear(await screen.findByLabelText('Price 1'))
  await world.user.type(screen.getByLabelText('Price 1'), '8.50')
  await world.user.clear(screen.getByLabelText('Place'))
  await world.user.type(screen.getByLabelText('Place'), '3/4')
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ price: ['8.50', 'EUR'], place: '3/4' }))
})

it('says what is wrong with a range, whose ends are text where nothing else is known of them', async () => {
  const part = { type: 'MyRangeField', bases: ['BaseRangeField'], help_text: 'From and to.' }
  const wrong = { span: [{ code: 'x', message: 'The end comes first.' }] }
  const world = formOf([field({ name: 'span', ...part })], { validate: () => wrong })
  world.show(<BindingForm binding="desk.Ticket" />)
  await world.user.type(await screen.findByLabelText('Span from'), 'b')
  expect(screen.getByText('From and to.')).toBeInTheDocument()
  await world.user.click(save())
  expect(await screen.findByText('The end comes first.')).toBeInTheDocument()
  expect(submitted(world)).toEqual({ span: ['b', null] })
})
