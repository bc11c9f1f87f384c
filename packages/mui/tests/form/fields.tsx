import type { FormField } from '@channels-binding/core'
import type { FakeTableOptions } from '@channels-binding/core/testing'
import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { field } from '../field.js'
import { type Stage, stage } from '../helpers.js'

export const USERS = {
  rows: [
    { id: 7, username: 'ann' },
    { id: 8, username: 'ben' },
  ],
}

export const formOf = (fields: readonly FormField[], table: FakeTableOptions = {}): Stage =>
  stage({ 'desk.Ticket': { rows: [{ id: 1, title: 'Printer', note: 'n' }], fields, ...table }, 'auth.User': USERS })

export const save = (): HTMLElement => screen.getByText('Save')
export const submitted = ({ server }: Stage): unknown =>
  server
    .requests('form')
    .map(request => (request.data as { submit?: unknown }).submit)
    .filter(values => values !== undefined)
    .at(-1)

export const CHOICES = [
  { value: 'low', label: 'Low' },
  { group: 'Hot', choices: [{ value: 'high', label: 'High' }] },
]
export const type =
  (label: string, text: string) =>
  async ({ user }: Stage) => {
    await user.type(await screen.findByLabelText(new RegExp(`^${label}`)), text)
  }
export const tick =
  (label: string) =>
  async ({ user }: Stage) =>
    user.click(await screen.findByLabelText(label))
export const pick =
  (label: string, option: string) =>
  async ({ user }: Stage) => {
    await user.click(await screen.findByLabelText(label))
    await user.click(await screen.findByText(option, { selector: '[role="option"]' }))
  }

type Case = [what: string, field: Partial<FormField>, act: (stage: Stage) => Promise<void>, value: unknown]

/** A test for each Django field: the user does something, and the server is sent this value. */
export const itSends = (cases: readonly Case[]): void =>
  it.each(cases)('%s gives the value that the server wants', async (_what, part, perform, value) => {
    const world = formOf([field({ name: 'it', ...part }), field({ name: 'other' })])
    world.show(<BindingForm binding="desk.Ticket" />)
    await screen.findByLabelText('Other')
    await perform(world)
    await world.user.click(save())
    await waitFor(() => expect(submitted(world)).toMatchObject({ it: value }))
  })
