import type { FieldErrors } from '@channels-binding/core'
import type { FakeFormset, FakeTableOptions } from '@channels-binding/core/testing'
import { BindingForm, type BindingFormProps } from '@channels-binding/mui/form'
import { screen, waitFor, within } from '@testing-library/react'
import { expect } from 'vitest'
import { field } from '../field.js'
import { type Stage, stage } from '../helpers.js'

export const FIELDS = [
  field({ name: 'text', required: true }),
  field({ name: 'minutes', type: 'IntegerField', widget: 'NumberInput' }),
  field({ name: 'done', type: 'BooleanField', widget: 'CheckboxInput' }),
]

export const error = (code: string, message: string): readonly { code: string; message: string }[] => [
  { code, message },
]

export const validate = ({ text, minutes }: Readonly<Record<string, unknown>>): FieldErrors => ({
  ...(!text && { text: error('required', 'This field is required.') }),
  ...(Number(minutes) > 60 && { minutes: error('max_value', 'At most 60.') }),
  ...(text === minutes && { __all__: error('same', 'Text and minutes are the same.') }),
})

export const STEPS: FakeFormset = {
  name: 'steps',
  stream: 'desk.Step',
  parent: 'ticket',
  label: 'steps',
  row_label: 'step',
  fields: FIELDS,
  validate,
}

export const ROWS = [
  { id: 'a.b', ticket: 1, text: 'Call', minutes: 5, done: false, place: 1 },
  { id: 12, ticket: 1, text: 'Visit', minutes: 30, done: true, place: 2 },
  { id: 13, ticket: 2, text: 'Other', minutes: 1, done: false, place: 1 },
]

/** A ticket with two steps, of which the form shows what the formset says. */
export function tickets(formset: Partial<FakeFormset> = {}, table: FakeTableOptions = {}): Stage {
  const fields = [field({ name: 'title' })]
  const formsets = [{ ...STEPS, ...formset }]
  return stage({
    'desk.Ticket': { rows: [{ id: 1, title: 'Printer' }], fields, formsets, ...table },
    'desk.Step': { rows: ROWS },
  })
}

export async function open(
  world: Stage,
  props: Partial<BindingFormProps<'desk.Ticket'>> = { id: 1 },
): Promise<HTMLElement> {
  world.show(<BindingForm binding="desk.Ticket" {...props} />)
  return screen.findByRole('group', { name: 'steps' })
}

export const step = (number: number): HTMLElement => screen.getByRole('group', { name: `Step ${number}` })
export const steps = (): string[] =>
  screen
    .queryAllByRole('group', { name: /^Step / })
    .map(each => within(each).queryByRole<HTMLInputElement>('textbox', { name: 'Text' })?.value ?? '(deleted)')
export const input = (number: number, name: string): HTMLElement => within(step(number)).getByRole('textbox', { name })
export const button = (name: string): HTMLElement => screen.getByRole('button', { name })
export type Submission = Record<string, unknown>
export const submits = ({ server }: Stage): Submission[] =>
  server.requests('form').flatMap(({ data }): Submission[] => {
    const { submit } = data as { submit?: Submission }
    return submit ? [submit] : []
  })
export const save = async (world: Stage): Promise<unknown> => {
  const before = submits(world).length
  await world.user.click(button('Save'))
  await waitFor(() => expect(submits(world)).toHaveLength(before + 1))
  await waitFor(() => expect(button('Save')).toBeEnabled())
  return submits(world).at(-1)?.steps
}
export const stored = ({ server }: Stage): unknown[] =>
  server.rows('desk.Step').map(({ ticket, text }) => `${ticket}: ${text}`)

/** Chooses a side of a conflict, and saves. */
export async function choose(world: Stage, what: string, side: string): Promise<void> {
  const dialog = within(await screen.findByRole('dialog', { name: 'Somebody else has changed this' }))
  await world.user.click(within(dialog.getByRole('group', { name: what })).getByRole('radio', { name: side }))
  await world.user.click(dialog.getByRole('button', { name: 'Save the choice' }))
}

/** Saves; the rows are read once more, and what is submitted waits for `release`. */
export async function saveHeld(world: Stage): Promise<void> {
  const { server } = world
  server.hold()
  const asked = server.requests('form').length
  await world.user.click(button('Save'))
  await waitFor(() => expect(server.requests('form')).toHaveLength(asked + 1))
  const before = submits(world).length
  server.release()
  server.hold()
  await waitFor(() => expect(submits(world)).toHaveLength(before + 1))
}
