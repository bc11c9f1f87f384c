import { BindingForm } from '@channels-binding/mui/form'
import { screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { field } from '../field.js'
import { formOf, save, submitted } from './fields.js'

const FIELDS = ['a', 'b', 'c', 'd'].map(name => field({ name, label: name.toUpperCase() }))

it('puts fields beside each other and under headings, the others after them', async () => {
  const { show } = formOf(FIELDS)
  show(<BindingForm binding="desk.Ticket" layout={[['c', 'b'], { title: 'More', lines: ['d', 'no such'] }, 'none']} />)
  await screen.findByRole('textbox', { name: 'A' })
  expect(screen.getAllByRole('textbox').map(each => each.getAttribute('name'))).toEqual(['c', 'b', 'd', 'a'])
  expect(within(screen.getByRole('group', { name: 'More' })).getAllByRole('textbox')).toHaveLength(1)
  const [c, b] = screen.getAllByRole('textbox')
  expect(c?.closest('.MuiBox-root')).toBe(b?.closest('.MuiBox-root'))
})

it('shows a field only where its condition holds', async () => {
  const world = formOf(FIELDS)
  const conditions = { b: ({ a }: Readonly<Record<string, unknown>>) => a === 'yes' }
  world.show(<BindingForm binding="desk.Ticket" conditions={conditions} layout={[{ title: 'More', lines: ['b'] }]} />)
  const a = await screen.findByRole('textbox', { name: 'A' })
  expect(screen.queryByRole('textbox', { name: 'B' })).not.toBeInTheDocument()
  expect(screen.queryByRole('group', { name: 'More' })).not.toBeInTheDocument()
  await world.user.type(a, 'yes')
  await world.user.type(screen.getByRole('textbox', { name: 'B' }), 'x')
  await world.user.click(save())
  await waitFor(() => expect(submitted(world)).toMatchObject({ a: 'yes', b: 'x' }))
})
