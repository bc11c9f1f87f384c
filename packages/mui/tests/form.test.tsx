import { BindingError, type FormField } from '@channels-binding/core'
import type { FakeTableOptions } from '@channels-binding/core/testing'
import { BindingForm, componentOf, registerField } from '@channels-binding/mui/form'
import { act, screen, waitFor, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { attributesOf } from '../src/form/attributes.js'
import { localText, withOffset } from '../src/form/dates.js'
import { parseJson } from '../src/form/json.js'
import { parseFloatText, parseInteger } from '../src/form/text.js'
import { submissionOf, valuesOf } from '../src/form/values.js'
import { field, type Stage, stage, violations } from './helpers.js'

const USERS = {
  rows: [
    { id: 7, username: 'ann' },
    { id: 8, username: 'ben' },
  ],
}

const formOf = (fields: readonly FormField[], table: FakeTableOptions = {}): Stage =>
  stage({ 'desk.Ticket': { rows: [{ id: 1, title: 'Printer', note: 'n' }], fields, ...table }, 'auth.User': USERS })

const save = (): HTMLElement => screen.getByText('Save')
const submitted = ({ server }: Stage): unknown =>
  server
    .requests('form')
    .map(request => (request.data as { submit?: unknown }).submit)
    .filter(values => values !== undefined)
    .at(-1)

// ---- values, one Django field after the other

const CHOICES = [
  { value: 'low', label: 'Low' },
  { group: 'Hot', choices: [{ value: 'high', label: 'High' }] },
]
const type =
  (label: string, text: string) =>
  async ({ user }: Stage) => {
    await user.type(await screen.findByLabelText(new RegExp(`^${label}`)), text)
  }
const tick =
  (label: string) =>
  async ({ user }: Stage) =>
    user.click(await screen.findByLabelText(label))
const pick =
  (label: string, option: string) =>
  async ({ user }: Stage) => {
    await user.click(await screen.findByLabelText(label))
    await user.click(await screen.findByText(option, { selector: '[role="option"]' }))
  }

it.each<[what: string, field: Partial<FormField>, act: (stage: Stage) => Promise<void>, value: unknown]>([
  ['CharField', {}, type('It', 'abc'), 'abc'],
  ['Textarea', { widget: 'Textarea', attrs: { rows: 4 } }, type('It', 'a{Enter}b'), 'a\nb'],
  ['PasswordInput', { widget: 'PasswordInput' }, type('It', 'secret'), 'secret'],
  [
    'EmailField',
    { type: 'EmailField', widget: 'EmailInput', bases: ['EmailField', 'CharField'] },
    type('It', 'a@b.c'),
    'a@b.c',
  ],
  ['URLField', { type: 'URLField', widget: 'URLInput' }, type('It', 'https://a.b'), 'https://a.b'],
  ['SlugField', { type: 'SlugField' }, type('It', ' a-b '), 'a-b'],
  ['UUIDField', { type: 'UUIDField' }, type('It', 'a1'), 'a1'],
  ['GenericIPAddressField', { type: 'GenericIPAddressField' }, type('It', '::1'), '::1'],
  ['IntegerField', { type: 'IntegerField', widget: 'NumberInput' }, type('It', '42'), 42],
  ['IntegerField beyond 2^53', { type: 'IntegerField' }, type('It', '90071992547409931'), '90071992547409931'],
  ['FloatField', { type: 'FloatField', widget: 'NumberInput' }, type('It', '1.5'), 1.5],
  ['DecimalField', { type: 'DecimalField', widget: 'NumberInput' }, type('It', '1.50'), '1.50'],
  ['DurationField', { type: 'DurationField' }, type('It', '1 02:00:00'), '1 02:00:00'],
  ['BooleanField', { type: 'BooleanField', widget: 'CheckboxInput' }, tick('It'), true],
  ['NullBooleanField', { type: 'NullBooleanField', widget: 'NullBooleanSelect' }, pick('It', 'No'), false],
  ['ChoiceField', { type: 'ChoiceField', widget: 'Select', choices: CHOICES }, pick('It', 'High'), 'high'],
  [
    'TypedChoiceField with numbers',
    {
      type: 'TypedChoiceField',
      bases: ['TypedChoiceField', 'ChoiceField'],
      widget: 'Select',
      choices: [{ value: 1, label: 'One' }],
    },
    pick('It', 'One'),
    1,
  ],
  [
    'ChoiceField with many choices',
    {
      type: 'ChoiceField',
      widget: 'Select',
      choices: Array.from({ length: 30 }, (_, n) => ({ value: n, label: `No ${n}` })),
    },
    async stage => {
      await type('It', 'No 17')(stage)
      await stage.user.click(await screen.findByRole('option', { name: 'No 17' }))
    },
    17,
  ],
  [
    'RadioSelect',
    { type: 'ChoiceField', widget: 'RadioSelect', choices: CHOICES },
    async ({ user }) => user.click(await screen.findByRole('radio', { name: 'High' })),
    'high',
  ],
  [
    'MultipleChoiceField',
    { type: 'MultipleChoiceField', widget: 'SelectMultiple', multiple: true, choices: CHOICES },
    async ({ user }) => {
      await user.click(await screen.findByRole('combobox', { name: 'It' }))
      await user.click(await screen.findByRole('option', { name: 'Low' }))
      await user.click(await screen.findByRole('option', { name: 'High' }))
    },
    ['low', 'high'],
  ],
  [
    'CheckboxSelectMultiple',
    { type: 'MultipleChoiceField', widget: 'CheckboxSelectMultiple', multiple: true, choices: CHOICES, value: ['low'] },
    tick('High'),
    ['low', 'high'],
  ],
  ['DateField', { type: 'DateField', widget: 'DateInput' }, type('It', '2026-11-22'), '2026-11-22'],
  ['TimeField', { type: 'TimeField', widget: 'TimeInput' }, type('It', '14:30'), '14:30'],
  [
    'DateTimeField',
    { type: 'DateTimeField', widget: 'DateTimeInput' },
    type('It', '2026-11-22T14:30'),
    withOffset('2026-11-22T14:30'),
  ],
  ['JSONField', { type: 'JSONField', widget: 'Textarea' }, type('It', '{{"a": [[1]}'), { a: [1] }],
  [
    'ModelChoiceField',
    {
      type: 'ModelChoiceField',
      widget: 'Select',
      bases: ['ModelChoiceField', 'ChoiceField'],
      relation: { stream: 'auth.User' },
    },
    pick('It', 'ben'),
    8,
  ],
  [
    'ModelMultipleChoiceField',
    {
      type: 'ModelMultipleChoiceField',
      widget: 'SelectMultiple',
      multiple: true,
      value: [7],
      relation: { stream: 'auth.User', labels: { 7: 'ann' } },
    },
    pick('It', 'ben'),
    [7, 8],
  ],
  [
    'ModelMultipleChoiceField with checkboxes',
    {
      type: 'ModelMultipleChoiceField',
      widget: 'CheckboxSelectMultiple',
      multiple: true,
      relation: { stream: 'auth.User' },
    },
    tick('ben'),
    [8],
  ],
  ['HiddenInput', { type: 'CharField', widget: 'HiddenInput', initial: 'kept' }, async () => undefined, 'kept'],
  [
    'an unknown class',
    { type: 'MyField', bases: ['MyField', 'IntegerField', 'Field'], widget: 'MyWidget' },
    type('It', '7'),
    7,
  ],
  ['an unknown class without a known base', { type: 'MyField', widget: 'MyWidget' }, type('It', 'x'), 'x'],
])('%s gives the value that the server wants', async (_what, part, perform, value) => {
  const world = formOf([field({ name: 'it', ...part }), field({ name: 'other' })])
  world.show(<BindingForm binding="desk.Ticket" />)
  await screen.findByLabelText('Other')
  await perform(world)
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toMatchObject({ it: value }))
})

it('reads numbers, JSON and moments, and leaves to the server what is none', () => {
  expect(['', ' 12 ', '1.5', '99999999999999999'].map(parseInteger)).toEqual([null, 12, '1.5', '99999999999999999'])
  expect(['', '1.5', '1.', '1,5', 'Infinity'].map(parseFloatText)).toEqual([null, 1.5, '1.', '1,5', 'Infinity'])
  expect(parseJson(' ')).toBeNull()
  expect(parseJson('{')).toMatchObject({ message: 'Enter valid JSON.' })
  const moment = '2026-11-22T13:30:00Z'
  expect(new Date(withOffset(localText(moment))).toISOString()).toBe('2026-11-22T13:30:00.000Z')
  expect(withOffset(localText(moment))).toMatch(/[+-]\d\d:\d\d$/)
  expect([localText(null), localText('nonsense'), withOffset('nonsense')]).toEqual(['', '', 'nonsense'])
})

it('takes attributes as Django writes them, but no handlers', () => {
  const attrs = { class: 'wide', maxlength: '5', 'data-x': 1, onclick: 'evil()', style: 'x', placeholder: 'p' }
  expect(attributesOf(field({ name: 'a', attrs, limits: { max_length: 80 } }))).toEqual({
    name: 'a',
    className: 'wide',
    maxLength: '5',
    'data-x': 1,
    placeholder: 'p',
  })
})

it('begins with the value, what the application wants, the initial value, or nothing', () => {
  const fields = [
    field({ name: 'a', value: 1, initial: 2 }),
    field({ name: 'b', initial: 2 }),
    field({ name: 'c', initial: 2 }),
    field({ name: 'd', multiple: true }),
    field({ name: 'e', type: 'BooleanField' }),
    field({ name: 'f' }),
    field({ name: 'g', type: 'DateField' }),
  ]
  expect(valuesOf(fields, { a: 3, b: 3 })).toEqual({ a: 1, b: 3, c: 2, d: [], e: false, f: '', g: null })
})

it('sends neither disabled fields nor files that were there before', () => {
  const file = field({ name: 'f', type: 'ImageField', bases: ['ImageField', 'FileField'] })
  const fields = [field({ name: 'a', disabled: true }), file, field({ name: 'b' })]
  expect(submissionOf(fields, { a: 1, f: '/media/x.png', b: 2 })).toEqual({ b: 2 })
  expect(submissionOf([file], { f: null })).toEqual({ f: null })
})

// ---- what the form does

const validate: FakeTableOptions['validate'] = values => {
  const message = 'This field is required.'
  return values.title
    ? {}
    : { title: [{ code: 'required', message }], __all__: [{ code: 'x', message: 'Think again.' }] }
}

it('puts errors where they belong, focuses the first, and takes each away when its field changes', async () => {
  const world = formOf([field({ name: 'note' }), field({ name: 'title', required: true, help_text: 'Short.' })], {
    validate,
  })
  world.show(<BindingForm binding="desk.Ticket" />)
  const title = await screen.findByRole('textbox', { name: /^Title/ })
  expect(title).toHaveAccessibleDescription('Short.')
  await world.user.click(save())
  await waitFor(() => expect(title).toHaveAccessibleDescription('This field is required.'))
  expect(title).toHaveFocus()
  expect(title).toBeInvalid()
  expect(screen.getByRole('alert')).toHaveTextContent('Think again.')
  expect(await violations()).toEqual([])
  await world.user.type(title, 'x')
  expect(title).toBeValid()
  expect(title).toHaveAccessibleDescription('Short.')
  expect(screen.queryByRole('alert')).not.toBeInTheDocument()
})

it('says above the form what is wrong with a hidden field, and what else went wrong', async () => {
  const world = formOf([field({ name: 'token', widget: 'HiddenInput' })], {
    validate: () => ({ token: [{ code: 'x', message: 'Expired.' }] }),
  })
  world.show(<BindingForm binding="desk.Ticket" />)
  await world.user.click(await screen.findByRole('button', { name: 'Save' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('token: Expired.')
  world.server.bends.fail = () => new BindingError('throttled', 'Slowly.')
  await world.user.click(save())
  await waitFor(() => expect(screen.getByRole('alert')).toHaveTextContent('Slowly.'))
})

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

it('submits nothing while JSON is none', async () => {
  const world = formOf([field({ name: 'data', type: 'JSONField', widget: 'Textarea' })])
  world.show(<BindingForm binding="desk.Ticket" />)
  const data = await screen.findByRole('textbox', { name: 'Data' })
  await world.user.type(data, '{{"a"')
  await world.user.click(save())
  await waitFor(() => expect(data).toHaveAccessibleDescription('Enter valid JSON.'))
  expect(data).toHaveFocus()
  expect(data).toHaveValue('{"a"')
  expect(submitted(world)).toBeUndefined()
})

it('shows a password only when asked', async () => {
  const world = formOf([field({ name: 'secret', widget: 'PasswordInput' })])
  world.show(<BindingForm binding="desk.Ticket" />)
  const secret = await screen.findByLabelText('Secret')
  expect(secret).toHaveAttribute('type', 'password')
  await world.user.click(screen.getByRole('button', { name: 'Show password' }))
  expect(secret).toHaveAttribute('type', 'text')
})

it('uploads a file by HTTP, shows the one there is, and clears it', async () => {
  const fetch = vi.fn(
    async (_url: unknown, _init?: RequestInit) =>
      new Response(JSON.stringify({ success: true, object: { id: 1 }, fields: [], errors: {} })),
  )
  const doc = field({ name: 'doc', type: 'FileField', widget: 'ClearableFileInput', value: '/media/old.pdf' })
  const world = stage(
    { 'desk.Ticket': { rows: [], fields: [doc, field({ name: 'title' })] } },
    fetch as typeof globalThis.fetch,
  )
  const onSuccess = vi.fn()
  world.show(<BindingForm binding="desk.Ticket" onSuccess={onSuccess} />)
  expect(await screen.findByRole('link', { name: 'old.pdf' })).toHaveAttribute('href', '/media/old.pdf')
  expect(await violations()).toEqual([])
  await world.user.upload(screen.getByLabelText('Doc'), new File(['x'], 'new.pdf'))
  await world.user.click(save())
  await waitFor(() => expect(onSuccess).toHaveBeenCalledWith({ id: 1 }))
  const body = fetch.mock.calls[0]?.[1]?.body as FormData
  expect((body.get('doc') as File).name).toBe('new.pdf')
  expect(fetch.mock.calls[0]?.[0]).toBe('/api/desk.Ticket/form/')
  await world.user.click(screen.getByRole('checkbox', { name: 'Clear Doc' }))
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ doc: null, title: '' }))
})

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

it('shows a file as the server describes it, and leaves it alone', async () => {
  const value = { name: '2026/01/old.pdf', url: '/media/2026/01/old.pdf' }
  const doc = field({ name: 'doc', type: 'FileField', widget: 'ClearableFileInput', required: false, value })
  const world = formOf([doc, field({ name: 'title' })])
  world.show(<BindingForm binding="desk.Ticket" />)
  expect(await screen.findByRole('link', { name: 'old.pdf' })).toHaveAttribute('href', '/media/2026/01/old.pdf')
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toEqual({ title: '' }))
})

it('finds rows of a relation by what is typed, and only once it is open', async () => {
  const owner = field({
    name: 'owner',
    type: 'ModelChoiceField',
    widget: 'Select',
    value: 7,
    relation: { stream: 'auth.User', labels: { 7: 'Ann (old name)' } },
  })
  const world = formOf([owner])
  world.show(<BindingForm binding="desk.Ticket" />)
  const box = await screen.findByRole('combobox', { name: 'Owner' })
  expect(box).toHaveValue('Ann (old name)')
  expect(world.server.requests('search')).toHaveLength(0)
  await world.user.clear(box)
  await world.user.type(box, 'be')
  const asked = (): unknown => world.server.requests('search').at(-1)?.data
  await waitFor(() => expect(asked()).toEqual({ query: 'be', limit: 20 }))
  await waitFor(() => expect(screen.getAllByRole('option')).toHaveLength(1))
  await world.user.click(screen.getByRole('option', { name: 'ben' }))
  expect(box).toHaveValue('ben')
  expect(world.server.requests('retrieve')).toHaveLength(0)
})

it('asks for the text of a chosen row that it does not know', async () => {
  const owner = field({
    name: 'owner',
    type: 'ModelChoiceField',
    widget: 'Select',
    value: 8,
    relation: { stream: 'auth.User' },
  })
  const world = formOf([owner])
  world.show(<BindingForm binding="desk.Ticket" />)
  await waitFor(() => expect(screen.getByRole('combobox', { name: 'Owner' })).toHaveValue('ben'))
})

it('shows some fields in an order of its own, with components of its own', async () => {
  const world = formOf([field({ name: 'title' }), field({ name: 'note' }), field({ name: 'more' })])
  const Loud = ({ field: { name } }: { field: FormField }): React.JSX.Element => <b>{name.toUpperCase()}</b>
  world.show(<BindingForm binding="desk.Ticket" fields={['note', 'title']} components={{ title: Loud }} />)
  expect(await screen.findByText('TITLE')).toBeInTheDocument()
  expect(screen.getAllByRole('textbox')).toHaveLength(1)
})

it('finds a component by name, widget, its bases, type, its bases, in this order', () => {
  const [A, B] = [() => <i>a</i>, () => <i>b</i>]
  const mine = field({
    name: 'x',
    type: 'MyField',
    bases: ['MyField', 'CharField'],
    widget: 'MyWidget',
    widget_bases: ['MyWidget', 'Input'],
  })
  expect(componentOf(mine)).toBe(componentOf(field({ name: 'y' })))
  const undo = [registerField('MyField', A)]
  expect(componentOf(mine)).toBe(A)
  undo.push(registerField('Input', B))
  expect(componentOf(mine)).toBe(B)
  expect(componentOf(mine, { x: A })).toBe(A)
  for (const back of undo.reverse()) back()
  expect(componentOf(mine)).toBe(componentOf(field({ name: 'y' })))
  expect(componentOf(field({ name: 'constructor' }), {})).toBe(componentOf(field({ name: 'y' })))
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
    field({ name: 'number', type: 'IntegerField', required: true }),
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
