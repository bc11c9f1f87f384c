import type { FieldErrors } from '@channels-binding/core'
import type { FakeFormset, FakeTableOptions } from '@channels-binding/core/testing'
import { BindingForm, type BindingFormProps, type FieldProps } from '@channels-binding/mui/form'
import { act, screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { field, type Stage, stage, violations } from './helpers.js'

const FIELDS = [
  field({ name: 'text', required: true }),
  field({ name: 'minutes', type: 'IntegerField', widget: 'NumberInput' }),
  field({ name: 'done', type: 'BooleanField', widget: 'CheckboxInput' }),
]

const error = (code: string, message: string): readonly { code: string; message: string }[] => [{ code, message }]

const validate = ({ text, minutes }: Readonly<Record<string, unknown>>): FieldErrors => ({
  ...(!text && { text: error('required', 'This field is required.') }),
  ...(Number(minutes) > 60 && { minutes: error('max_value', 'At most 60.') }),
  ...(text === minutes && { __all__: error('same', 'Text and minutes are the same.') }),
})

const STEPS: FakeFormset = {
  name: 'steps',
  stream: 'desk.Step',
  parent: 'ticket',
  label: 'steps',
  row_label: 'step',
  fields: FIELDS,
  validate,
}

const ROWS = [
  { id: 'a.b', ticket: 1, text: 'Call', minutes: 5, done: false, place: 1 },
  { id: 12, ticket: 1, text: 'Visit', minutes: 30, done: true, place: 2 },
  { id: 13, ticket: 2, text: 'Other', minutes: 1, done: false, place: 1 },
]

/** A ticket with two steps, of which the form shows what the formset says. */
function tickets(formset: Partial<FakeFormset> = {}, table: FakeTableOptions = {}): Stage {
  const fields = [field({ name: 'title' })]
  const formsets = [{ ...STEPS, ...formset }]
  return stage({
    'desk.Ticket': { rows: [{ id: 1, title: 'Printer' }], fields, formsets, ...table },
    'desk.Step': { rows: ROWS },
  })
}

async function open(world: Stage, props: Partial<BindingFormProps<'desk.Ticket'>> = { id: 1 }): Promise<HTMLElement> {
  world.show(<BindingForm binding="desk.Ticket" {...props} />)
  return screen.findByRole('group', { name: 'steps' })
}

const step = (number: number): HTMLElement => screen.getByRole('group', { name: `Step ${number}` })
const steps = (): string[] =>
  screen
    .queryAllByRole('group', { name: /^Step / })
    .map(each => within(each).queryByRole<HTMLInputElement>('textbox', { name: 'Text' })?.value ?? '(deleted)')
const input = (number: number, name: string): HTMLElement => within(step(number)).getByRole('textbox', { name })
const button = (name: string): HTMLElement => screen.getByRole('button', { name })
type Submission = Record<string, unknown>
const submits = ({ server }: Stage): Submission[] =>
  server.requests('form').flatMap(({ data }): Submission[] => {
    const { submit } = data as { submit?: Submission }
    return submit ? [submit] : []
  })
const save = async (world: Stage): Promise<unknown> => {
  const before = submits(world).length
  await world.user.click(button('Save'))
  await waitFor(() => expect(submits(world)).toHaveLength(before + 1))
  await waitFor(() => expect(button('Save')).toBeEnabled())
  return submits(world).at(-1)?.steps
}
const stored = ({ server }: Stage): unknown[] =>
  server.rows('desk.Step').map(({ ticket, text }) => `${ticket}: ${text}`)

it('adds, changes and deletes rows in one go, and shows what was saved', async () => {
  const world = tickets()
  await open(world)
  expect(steps()).toEqual(['Call', 'Visit'])
  await world.user.type(input(1, 'Text'), ' again')
  await world.user.click(button('Step 2: Delete'))
  await world.user.click(button('Add step'))
  expect(input(3, 'Text')).toHaveFocus()
  await world.user.keyboard('Write')
  await world.user.click(within(step(3)).getByRole('checkbox', { name: 'Done' }))
  expect(await violations()).toEqual([])
  expect(await save(world)).toEqual([
    { id: 'a.b', text: 'Call again' },
    { id: 12, DELETE: true },
    { text: 'Write', minutes: null, done: true },
  ])
  await waitFor(() => expect(steps()).toEqual(['Call again', 'Write']))
  expect(stored(world)).toEqual(['1: Call again', '2: Other', '1: Write'])
  await world.user.type(input(2, 'Minutes'), '7')
  expect(await save(world)).toEqual([{ id: 14, minutes: 7 }])
  expect(await save(world)).toEqual([])
})

it('adds rows to a form that adds a row, and begins anew', async () => {
  const world = tickets()
  const onSuccess = vi.fn()
  await open(world, { onSuccess })
  expect(screen.getByText('No steps yet.')).toBeInTheDocument()
  await world.user.type(screen.getByRole('textbox', { name: 'Title' }), 'Screen')
  await world.user.click(button('Add step'))
  await world.user.keyboard('Look')
  await save(world)
  await waitFor(() => expect(onSuccess).toHaveBeenCalledExactlyOnceWith({ id: 2, title: 'Screen' }))
  expect(stored(world)).toContain('2: Look')
  await waitFor(() => expect(steps()).toEqual([]))
  await world.user.click(button('Add step'))
  expect(input(1, 'Text')).toHaveValue('')
})

it('leaves out what was not filled in, unless there must be as many', async () => {
  const world = tickets({ min: 2 })
  await open(world, {})
  expect(steps()).toEqual(['', ''])
  expect(screen.queryByRole('button', { name: /Delete$/ })).not.toBeInTheDocument()
  await world.user.click(button('Add step'))
  expect(button('Step 3: Delete')).toBeInTheDocument()
  await world.user.type(input(3, 'Text'), 'Third')
  expect(await save(world)).toEqual([
    { text: '', minutes: null, done: false },
    { text: 'Third', minutes: null, done: false },
  ])
  await waitFor(() => expect(input(1, 'Text')).toBeInvalid())
  expect(input(1, 'Text')).toHaveFocus()
  expect(input(2, 'Text')).toHaveAttribute('aria-invalid', 'false')
  await world.user.type(input(1, 'Text'), 'First')
  expect(await save(world)).toMatchObject([{ text: 'First' }, { text: 'Third' }])
  expect(stored(world)).toContain('2: Third')
})

it('puts errors on the fields of their row, focuses the first, and says what is wrong with a row or all of them', async () => {
  const world = tickets({ max: 4 })
  await open(world)
  await world.user.type(input(2, 'Minutes'), '0')
  await world.user.click(button('Add step'))
  await world.user.click(button('Add step'))
  expect(button('Add step')).toBeDisabled()
  act(() => void world.server.insert('desk.Step', { ticket: 1, text: 'Theirs', minutes: 1 }))
  await world.user.type(input(3, 'Minutes'), '61')
  await world.user.type(input(4, 'Text'), '7')
  await world.user.clear(input(4, 'Minutes'))
  await save(world)
  await waitFor(() => expect(input(2, 'Minutes')).toHaveAccessibleDescription('At most 60.'))
  expect(input(2, 'Minutes')).toHaveFocus()
  expect(input(3, 'Text')).toHaveAccessibleDescription('This field is required.')
  expect(input(3, 'Minutes')).toHaveAccessibleDescription('At most 60.')
  expect([input(1, 'Minutes'), input(4, 'Text')].map(each => each.getAttribute('aria-invalid'))).toEqual([
    'false',
    'false',
  ])
  expect(screen.getByText('Please submit at most 4 forms.')).toBeInTheDocument()
  expect(screen.getByText('Please check the marked fields.')).toBeInTheDocument()
  expect(await violations()).toEqual([])
  await world.user.click(button('Step 3: Delete'))
  expect(button('Step 3: Delete')).toHaveFocus()
  expect(screen.queryByText('Please submit at most 4 forms.')).not.toBeInTheDocument()
  expect(input(2, 'Minutes')).toBeInvalid()
})

it('focuses the row that is wrong as a whole, and takes the word away when it is changed', async () => {
  const fields = [field({ name: 'text' }), field({ name: 'minutes' })]
  const world = tickets({ fields })
  await open(world)
  await world.user.clear(input(2, 'Minutes'))
  await world.user.type(input(2, 'Minutes'), 'Visit')
  await save(world)
  await waitFor(() => expect(within(step(2)).getByRole('alert')).toHaveTextContent('Text and minutes are the same.'))
  expect(step(2)).toHaveFocus()
  await world.user.type(input(1, 'Minutes'), '1')
  expect(within(step(2)).getByRole('alert')).toBeInTheDocument()
  expect(input(1, 'Minutes')).toHaveFocus()
  await world.user.type(input(2, 'Minutes'), '1')
  expect(within(step(2)).queryByRole('alert')).not.toBeInTheDocument()
})

it('saves once the row that was wrong is taken away', async () => {
  const world = tickets()
  await open(world)
  await world.user.click(button('Add step'))
  await world.user.keyboard('{Tab}99')
  await save(world)
  await waitFor(() => expect(input(3, 'Text')).toBeInvalid())
  await world.user.click(button('Step 3: Delete'))
  expect(await save(world)).toEqual([])
  await waitFor(() => expect(screen.queryByText('Please check the marked fields.')).not.toBeInTheDocument())
})

it('says within the formset that a row is there no more, and keeps what was typed', async () => {
  const world = tickets()
  await open(world)
  await world.user.type(input(2, 'Text'), '!')
  act(() => world.server.remove('desk.Step', 12))
  await save(world)
  await waitFor(() => expect(within(screen.getByRole('group', { name: 'steps' })).getByRole('alert')).toBeVisible())
  expect(screen.getByText('There is no row 12.')).toBeInTheDocument()
  expect(screen.getByRole('group', { name: 'steps' })).toHaveFocus()
  expect(steps()).toEqual(['Call', 'Visit!'])
})

it('lets a deleted row come back, by keyboard too', async () => {
  const world = tickets()
  await open(world)
  button('Step 1: Delete').focus()
  await world.user.keyboard('{Enter}')
  expect(screen.getByText('Step 1 is deleted when you save.')).toBeInTheDocument()
  expect(steps()).toEqual(['(deleted)', 'Visit'])
  expect(button('Undo')).toHaveFocus()
  expect(await violations()).toEqual([])
  await world.user.keyboard('{Enter}')
  expect(steps()).toEqual(['Call', 'Visit'])
  expect(button('Step 1: Delete')).toHaveFocus()
  expect(await save(world)).toEqual([])
})

it('deletes no stored row where the formset does not let it, but a new one', async () => {
  const world = tickets({ can_delete: false })
  await open(world)
  await world.user.click(button('Add step'))
  expect(screen.getAllByRole('button', { name: /Delete$/ })).toEqual([button('Step 3: Delete')])
  await world.user.click(button('Step 3: Delete'))
  expect(steps()).toEqual(['Call', 'Visit'])
  expect(button('Add step')).toHaveFocus()
})

it('adds no more rows than there may be', async () => {
  const world = tickets({ max: 2 })
  await open(world)
  expect(button('Add step')).toBeDisabled()
  expect(screen.getByText('There can be at most 2.')).toBeInTheDocument()
  await world.user.click(button('Step 1: Delete'))
  expect(button('Add step')).toBeEnabled()
})

it('moves rows, and sends the places of those that moved', async () => {
  const world = tickets({ order: 'place' })
  await open(world)
  expect(button('Step 1: Move up')).toBeDisabled()
  expect(screen.queryByRole('textbox', { name: 'Order' })).not.toBeInTheDocument()
  await world.user.click(button('Add step'))
  await world.user.keyboard('Last')
  await world.user.click(button('Step 3: Move up'))
  expect(button('Step 2: Move up')).toHaveFocus()
  await world.user.keyboard('{Enter}')
  expect(steps()).toEqual(['Last', 'Call', 'Visit'])
  expect(button('Step 1: Move down')).toHaveFocus()
  await world.user.click(button('Step 2: Move down'))
  expect(await save(world)).toEqual([
    { text: 'Last', minutes: null, done: false, ORDER: 1 },
    { id: 'a.b', ORDER: 3 },
  ])
  await waitFor(() => expect(steps()).toEqual(['Last', 'Visit', 'Call']))
  expect(await save(world)).toEqual([])
})

it('takes over rows that others have changed, but not what this user typed or added', async () => {
  const world = tickets()
  await open(world)
  await world.user.type(input(1, 'Text'), '!')
  await world.user.click(button('Add step'))
  await world.user.keyboard('Mine')
  act(() =>
    world.server.commit(() => {
      world.server.update('desk.Step', 'a.b', { text: 'theirs', minutes: 6 })
      world.server.insert('desk.Step', { ticket: 1, text: 'Theirs' })
      world.server.update('desk.Ticket', 1, { title: 'tells of it' })
    }),
  )
  await waitFor(() => expect(steps()).toEqual(['Call!', 'Visit', 'Theirs', 'Mine']))
  expect(input(1, 'Minutes')).toHaveValue('6')
  expect(await save(world)).toEqual([
    { id: 'a.b', text: 'Call!' },
    { text: 'Mine', minutes: null, done: false },
  ])
})

it('keeps what was typed into a blank row when others add theirs', async () => {
  const world = tickets({ min: 3 })
  await open(world)
  await world.user.type(input(3, 'Text'), 'Mine')
  act(() =>
    world.server.commit(() => {
      world.server.insert('desk.Step', { ticket: 1, text: 'Theirs' })
      world.server.update('desk.Ticket', 1, { title: 'tells of it' })
    }),
  )
  await waitFor(() => expect(steps()).toEqual(['Call', 'Visit', 'Theirs', 'Mine']))
  expect(await save(world)).toMatchObject([{ text: 'Mine' }])
})

it('speaks another language, and uses the application’s components', async () => {
  const world = tickets()
  const Loud = ({ field, value }: FieldProps): string => `${field.label}: ${String(value).toUpperCase()}`
  await open(world, {
    id: 1,
    components: { 'steps.text': Loud, minutes: () => 'not this one' },
    formsetTexts: { add: row => `${row} hinzufügen`, row: (_row, number) => `Schritt ${number}`, remove: 'Löschen' },
  })
  expect(screen.getByRole('group', { name: 'Schritt 1' })).toHaveTextContent('Text: CALL')
  expect(button('step hinzufügen')).toBeEnabled()
  expect(button('Schritt 2: Löschen')).toBeEnabled()
  expect(screen.queryByText('not this one')).not.toBeInTheDocument()
})

it('draws and sends only the formsets that the application wants', async () => {
  const world = tickets({}, { validate: () => ({}) })
  world.show(<BindingForm binding="desk.Ticket" id={1} formsets={[]} />)
  await screen.findByRole('textbox', { name: 'Title' })
  expect(screen.queryByRole('group', { name: 'steps' })).not.toBeInTheDocument()
  await world.user.click(button('Save'))
  await waitFor(() => expect(submits(world)).toEqual([{ title: 'Printer' }]))
})

it('says above the form what is wrong with a formset that is not shown', async () => {
  const world = tickets({ min: 3 })
  world.show(<BindingForm binding="desk.Ticket" id={1} formsets={[]} />)
  await world.user.click(await screen.findByRole('button', { name: 'Save' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('steps: Please submit at least 3 forms.')
})

it('sends the file of a row by HTTP, and nothing of a file that was not chosen', async () => {
  const fetch = vi.fn(
    async (_url: unknown, _init?: RequestInit) =>
      new Response(JSON.stringify({ success: true, object: { id: 1 }, fields: [], errors: {} })),
  )
  const photo = field({ name: 'photo', type: 'FileField', bases: ['FileField', 'Field'], widget: 'ClearableFileInput' })
  const formsets = [{ ...STEPS, fields: [field({ name: 'text' }), photo] }]
  const tables = { 'desk.Ticket': { fields: [field({ name: 'title' })], formsets }, 'desk.Step': {} }
  const world = stage(tables, fetch as typeof globalThis.fetch)
  await open(world, {})
  await world.user.click(button('Add step'))
  await world.user.type(input(1, 'Text'), 'no file')
  await world.user.click(button('Add step'))
  await world.user.upload(within(step(2)).getByLabelText('Photo'), new File(['x'], 'x.png'))
  await world.user.click(button('Save'))
  await waitFor(() => expect(fetch).toHaveBeenCalledOnce())
  const body = fetch.mock.calls[0]?.[1]?.body as FormData
  expect([...body].map(([name, value]) => [name, value instanceof File ? value.name : value])).toEqual([
    ['title', ''],
    ['steps-0-text', 'no file'],
    ['steps-1-text', ''],
    ['steps-1-photo', 'x.png'],
  ])
})
