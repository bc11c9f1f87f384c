import { FilterPanel } from '@channels-binding/mui'
import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { field } from '../field.js'
import { stage } from '../helpers.js'
import { CHOICES, formOf, save, submitted } from './fields.js'

const SOME = [1, 2, 3].map(value => ({ value, label: `No ${value}` }))
const MANY = Array.from({ length: 200 }, (_, n) => ({ value: n, label: `No ${n}` }))
const HINT = /There are more than the \d+ that are offered\./

it('says that there are more choices than are offered, and whoever made the page how they are searched', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const choices = [{ value: '', label: '---' }, ...CHOICES]
  const world = formOf([field({ name: 'one', type: 'ModelChoiceField', choices, truncated: true, help_text: 'Who?' })])
  world.show(<BindingForm binding="desk.Ticket" />)
  expect(await screen.findByLabelText('One')).toHaveAccessibleDescription(
    'Who? There are more than the 2 that are offered.',
  )
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/^'one' offers the first 2 rows of more.*search_fields/))
})

it.each([
  ['a menu', 'combobox', { type: 'ModelChoiceField', widget: 'Select', choices: SOME }],
  ['a field to type in', 'combobox', { type: 'ModelChoiceField', widget: 'Select', choices: MANY }],
  ['radio buttons', 'group', { type: 'ModelChoiceField', widget: 'RadioSelect', choices: SOME }],
  ['chips', 'combobox', { type: 'ModelMultipleChoiceField', widget: 'SelectMultiple', multiple: true, choices: SOME }],
  [
    'checkboxes',
    'group',
    { type: 'ModelMultipleChoiceField', widget: 'CheckboxSelectMultiple', multiple: true, choices: SOME },
  ],
])('says so below %s, in a form, in a filter and in a row', async (_what, role, part) => {
  const [one, two] = ['one', 'two'].map(name => field({ name, truncated: true, ...part }))
  const tables = {
    'desk.Ticket': {
      fields: [one],
      formsets: [
        { name: 'steps', stream: 'desk.Step', parent: 'ticket', label: 'steps', row_label: 'step', fields: [two] },
      ],
      describe: { filters: [{ name: 'one', label: 'By one', type: 'ModelChoiceFilter', field: one }] },
    },
    'desk.Step': {},
  }
  const world = stage(tables as never)
  world.show(
    <>
      <FilterPanel binding="desk.Ticket" value={{}} onChange={() => undefined} />
      <BindingForm binding="desk.Ticket" />
    </>,
  )
  await world.user.click(await screen.findByRole('button', { name: 'Add step' }))
  for (const name of ['One', 'By one', 'Two'])
    expect(await screen.findByRole(role, { name })).toHaveAccessibleDescription(HINT)
})

it.each([
  ['ModelChoiceField', 'Select', 500, SOME],
  ['ModelChoiceField', 'Select', 500, MANY],
  ['ModelMultipleChoiceField', 'SelectMultiple', [500, 2], SOME],
  ['ModelMultipleChoiceField', 'CheckboxSelectMultiple', [2, 500], SOME],
] as const)('keeps what is chosen and not among them (%s, %s)', async (type, widget, value, choices) => {
  const multiple = Array.isArray(value)
  const world = formOf([field({ name: 'one', type, widget, multiple, choices, truncated: true })])
  world.show(<BindingForm binding="desk.Ticket" initial={{ one: value }} />)
  if (widget === 'CheckboxSelectMultiple') expect(await screen.findByRole('checkbox', { name: '#500' })).toBeChecked()
  else if (multiple) expect(await screen.findByRole('button', { name: '#500' })).toBeInTheDocument()
  else expect(await screen.findByDisplayValue(choices === MANY ? '#500' : '500')).toBeInTheDocument()
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ one: value }))
})

it('says so below buttons for the rows of a stream that has more', async () => {
  const rows = Array.from({ length: 101 }, (_, n) => ({ id: n + 1, username: `user ${n + 1}` }))
  const part = { type: 'ModelChoiceField', widget: 'RadioSelect', relation: { stream: 'auth.User' } }
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const world = stage({ 'desk.Ticket': { fields: [field({ name: 'owner', ...part })] }, 'auth.User': { rows } })
  world.show(<BindingForm binding="desk.Ticket" />)
  const group = await screen.findByRole('group', { name: 'Owner' })
  await within(group).findByRole('radio', { name: 'user 100' })
  expect(group).toHaveAccessibleDescription('There are more than the 100 that are offered.')
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/^'owner' shows a button for each of 100 rows/))
})
