import { BindingError, type FormField } from '@channels-binding/core'
import { BindingForm } from '@channels-binding/mui/form'
import { act, screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { field } from '../field.js'
import { violations } from '../helpers.js'
import { CHOICES, formOf, save } from './fields.js'
import { button, input, open, saveHeld, save as saveSteps, steps, stored, submits, tickets } from './steps.js'

it('saves, tells the application, and begins anew', async () => {
  const world = formOf([field({ name: 'title' })])
  const onSuccess = vi.fn()
  world.show(<BindingForm binding="desk.Ticket" onSuccess={onSuccess} initial={{ title: 'New: ' }} />)
  const title = await screen.findByRole('textbox', { name: 'Title' })
  await world.user.type(title, 'Screen{Enter}')
  await waitFor(() => expect(onSuccess).toHaveBeenCalledExactlyOnceWith({ id: 2, title: 'New: Screen' }))
  await waitFor(() => expect(title).toHaveValue('New: '))
})

it('changes a row; takes over what others change, but not what this user typed', async () => {
  const world = formOf([field({ name: 'title' }), field({ name: 'note' })])
  world.show(<BindingForm binding="desk.Ticket" id={1} />)
  const title = await screen.findByRole('textbox', { name: 'Title' })
  expect(title).toHaveValue('Printer')
  await world.user.type(title, '!')
  act(() => void world.server.update('desk.Ticket', 1, { title: 'theirs', note: 'theirs' }))
  await waitFor(() => expect(screen.getByRole('textbox', { name: 'Note' })).toHaveValue('theirs'))
  expect(title).toHaveValue('Printer!')
  act(() => world.server.remove('desk.Ticket', 1))
  expect(await screen.findByText(/deleted meanwhile/)).toBeInTheDocument()
  expect(save()).toBeDisabled()
})

it('shows some fields in an order of its own, with components of its own', async () => {
  const world = formOf([field({ name: 'title' }), field({ name: 'note' }), field({ name: 'more' })])
  const Loud = ({ field: { name } }: { field: FormField }): React.JSX.Element => <b>{name.toUpperCase()}</b>
  world.show(<BindingForm binding="desk.Ticket" fields={['note', 'title']} components={{ title: Loud }} />)
  expect(await screen.findByText('TITLE')).toBeInTheDocument()
  expect(screen.getAllByRole('textbox')).toHaveLength(1)
})

it('says why a form could not be read, with a way out', async () => {
  const world = formOf([field({ name: 'title' })])
  world.server.bends.fail = () => new BindingError('forbidden', 'Not yours.')
  world.show(<BindingForm binding="desk.Ticket" />)
  expect(await screen.findByRole('alert')).toHaveTextContent('Not yours.')
  world.server.bends.fail = null
  await world.user.click(screen.getByRole('button', { name: 'Retry' }))
  expect(await screen.findByRole('textbox', { name: 'Title' })).toBeInTheDocument()
})

it('has nothing that axe finds wrong, in any field, with errors and without', async () => {
  const fields = [
    field({ name: 'text', help_text: 'Help.' }),
    field({ name: 'area', widget: 'Textarea' }),
    field({ name: 'secret', widget: 'PasswordInput' }),
    field({ name: 'number', type: 'IntegerField', required: true, value: 5 }),
    field({ name: 'flag', type: 'BooleanField' }),
    field({ name: 'maybe', type: 'NullBooleanField' }),
    field({ name: 'choice', type: 'ChoiceField', choices: CHOICES }),
    field({ name: 'radio', type: 'ChoiceField', widget: 'RadioSelect', choices: CHOICES, help_text: 'Help.' }),
    field({ name: 'many', type: 'MultipleChoiceField', multiple: true, choices: CHOICES, value: ['low'] }),
    field({
      name: 'boxes',
      type: 'MultipleChoiceField',
      widget: 'CheckboxSelectMultiple',
      multiple: true,
      choices: CHOICES,
    }),
    field({ name: 'day', type: 'DateField' }),
    field({ name: 'moment', type: 'DateTimeField' }),
    field({ name: 'doc', type: 'FileField', value: '/media/a.pdf' }),
    field({ name: 'data', type: 'JSONField', widget: 'Textarea' }),
    field({ name: 'owner', type: 'ModelChoiceField', relation: { stream: 'auth.User' } }),
  ]
  const wrong = Object.fromEntries(fields.map(({ name }) => [name, [{ code: 'x', message: `Wrong ${name}.` }]]))
  const world = formOf(fields, { validate: () => wrong })
  world.show(<BindingForm binding="desk.Ticket" label="Ticket" />)
  await screen.findByRole('form', { name: 'Ticket' })
  expect(await violations()).toEqual([])
  await world.user.click(save())
  for (const { name } of fields) expect(await screen.findByText(`Wrong ${name}.`)).toBeInTheDocument()
  expect(await violations()).toEqual([])
  const group = screen.getByRole('group', { name: /^Radio/ })
  expect(group).toHaveAccessibleDescription('Wrong radio.')
  await world.user.click(screen.getByRole('combobox', { name: 'Choice' }))
  expect(within(screen.getByRole('listbox')).getAllByRole('option')).toHaveLength(3)
  expect(await violations(screen.getByRole('listbox'))).toEqual([])
})

it('adds rows to a form that adds a row, and begins anew', async () => {
  const world = tickets()
  const onSuccess = vi.fn()
  await open(world, { onSuccess })
  expect(screen.getByText('No steps yet.')).toBeInTheDocument()
  await world.user.type(screen.getByRole('textbox', { name: 'Title' }), 'Screen')
  await world.user.click(button('Add step'))
  await world.user.keyboard('Look')
  await saveSteps(world)
  await waitFor(() => expect(onSuccess).toHaveBeenCalledExactlyOnceWith({ id: 2, title: 'Screen' }))
  expect(stored(world)).toContain('2: Look')
  await waitFor(() => expect(steps()).toEqual([]))
  await world.user.click(button('Add step'))
  expect(input(1, 'Text')).toHaveValue('')
})

it('draws and sends only the formsets that the application wants', async () => {
  const world = tickets({}, { validate: () => ({}) })
  world.show(<BindingForm binding="desk.Ticket" id={1} formsets={[]} />)
  await screen.findByRole('textbox', { name: 'Title' })
  expect(screen.queryByRole('group', { name: 'steps' })).not.toBeInTheDocument()
  await world.user.click(button('Save'))
  await waitFor(() => expect(submits(world)).toEqual([{}]))
})

it('says above the form what is wrong with a formset that is not shown', async () => {
  const world = tickets({ min: 3 })
  world.show(<BindingForm binding="desk.Ticket" id={1} formsets={[]} />)
  await world.user.click(await screen.findByRole('button', { name: 'Save' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('steps: Please submit at least 3 forms.')
})

it('says within the formset that a row is there no more, and keeps what was typed', async () => {
  const world = tickets()
  await open(world)
  await world.user.type(input(2, 'Text'), '!')
  await saveHeld(world) // and it goes between the reading and the saving of the rows
  act(() => world.server.remove('desk.Step', 12))
  act(() => world.server.release())
  await waitFor(() => expect(within(screen.getByRole('group', { name: 'steps' })).getByRole('alert')).toBeVisible())
  expect(screen.getByText('There is no row 12.')).toBeInTheDocument()
  expect(screen.getByRole('group', { name: 'steps' })).toHaveFocus()
  expect(steps()).toEqual(['Call', 'Visit!'])
})

it('saves once the row that was wrong is taken away', async () => {
  const world = tickets()
  await open(world)
  await world.user.click(button('Add step'))
  await world.user.keyboard('{Tab}99')
  await saveSteps(world)
  await waitFor(() => expect(input(3, 'Text')).toBeInvalid())
  await world.user.click(button('Step 3: Delete'))
  expect(await saveSteps(world)).toEqual([])
  await waitFor(() => expect(screen.queryByText('Please check the marked fields.')).not.toBeInTheDocument())
})

it('says what else went wrong, and keeps what was typed', async () => {
  const world = formOf([field({ name: 'title' })])
  world.show(<BindingForm binding="desk.Ticket" submitLabel="Send" />)
  await world.user.type(await screen.findByRole('textbox', { name: 'Title' }), 'Screen')
  world.server.bends.fail = () => new BindingError('forbidden', 'Not yours.')
  await world.user.click(screen.getByRole('button', { name: 'Send' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('Not yours.')
  expect(screen.getByRole('textbox', { name: 'Title' })).toHaveValue('Screen')
})

it('says that it waits while the server does not take it, and is saved once it does', async () => {
  const world = formOf([field({ name: 'title' })])
  world.show(<BindingForm binding="desk.Ticket" submitLabel="Send" />)
  await world.user.type(await screen.findByRole('textbox', { name: 'Title' }), 'Screen')
  world.server.bends.fail = () => new BindingError('throttled', 'Slowly.', { retry_after: 0.2 })
  await world.user.click(screen.getByRole('button', { name: 'Send' }))
  await screen.findByText(/Not sent yet/) // it comes and goes with each attempt
  world.server.bends.fail = null
  await waitFor(() => expect(screen.queryByText(/Not sent yet/)).not.toBeInTheDocument())
  expect(world.server.rows('desk.Ticket').filter(row => row.title === 'Screen')).toHaveLength(1)
})

it('says that the row is gone, and lets the user leave', async () => {
  const world = formOf([field({ name: 'title' })])
  const onCancel = vi.fn()
  world.show(<BindingForm binding="desk.Ticket" id={1} onCancel={onCancel} />)
  await screen.findByRole('textbox', { name: 'Title' })
  act(() => world.server.remove('desk.Ticket', 1))
  expect(await screen.findByText(/deleted meanwhile/)).toBeInTheDocument()
  expect(save()).toBeDisabled()
  await world.user.click(screen.getByRole('button', { name: 'Cancel' }))
  expect(onCancel).toHaveBeenCalledOnce()
})
