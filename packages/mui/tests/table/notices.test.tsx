import { seen, Writes } from '@channels-binding/core/writes'
import { act, screen, waitFor } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'
import { type Stage, stage, TICKETS } from '../helpers.js'
import { cell, editor, Table } from './grid.js'

const BASE = { title: 'Printer', votes: 1200 }

beforeEach(() => sessionStorage.clear())

const press = async ({ user }: Stage, name: string): Promise<void> => user.click(screen.getByRole('button', { name }))
const stored = ({ server }: Stage): unknown => server.rows('desk.Ticket')[0]

interface Away extends Stage {
  /** Of the row as it was seen. */
  readonly version: string
  readonly back: () => void
}

/** A table whose connection is away, and comes back. */
async function away(table: object = {}): Promise<Away> {
  const world = stage({ 'desk.Ticket': { ...TICKETS, ...table } })
  world.show(<Table editable />)
  await cell('Printer')
  const whole = world.client.live('desk.Ticket', 'retrieve', { id: 1 })
  await waitFor(() => expect(seen(world.client, 'desk.Ticket', 1)).not.toBeNull())
  const version = seen(world.client, 'desk.Ticket', 1)?.v ?? ''
  whole.unsubscribe()
  world.server.bends.refuse = Number.POSITIVE_INFINITY
  act(() => world.server.close(4500))
  await waitFor(() => expect(world.client.getState().status).toBe('reconnecting'))
  const back = (): void => {
    world.server.bends.refuse = 0
  }
  return { ...world, version, back }
}

/** Two fields of one row, written by somebody while the connection is away. */
const write = ({ client, version }: Away): void =>
  act(() => {
    const values = { title: 'Plotter', votes: 7 }
    Writes.of(client)
      .write({ stream: 'desk.Ticket', action: 'save', id: 1, values, base: BASE, ifVersion: version })
      .catch(() => undefined)
  })

/** The question which of two changes shall stand. */
async function asked(): Promise<Stage> {
  const world = await away()
  write(world)
  world.server.update('desk.Ticket', 1, { title: 'Theirs', votes: 99 })
  world.back()
  await screen.findByText(/A change could not be saved/)
  await press(world, 'Retry')
  await screen.findByRole('dialog', { name: 'Somebody else has changed this' })
  return world
}

it('says that one is signed out, and goes on once one is back', async () => {
  const world = stage({ 'desk.Ticket': TICKETS })
  world.show(<Table />)
  await cell('Printer')
  act(() => world.server.close(4401))
  await screen.findByText(/signed out/)
  await press(world, 'Reconnect')
  await waitFor(() => expect(screen.queryByText(/signed out/)).not.toBeInTheDocument())
  expect(await cell('Printer')).toBeInTheDocument()
})

it('says why something was refused that had waited, and tries it once more or drops it', async () => {
  let isTaken = true
  const taken = { title: [{ code: 'unique', message: 'There is one already.' }] }
  const world = await away({ validate: () => (isTaken ? taken : {}) })
  await world.user.dblClick(await cell('Printer'))
  await world.user.clear(editor())
  await world.user.keyboard('Plotter{Enter}')
  world.back()
  expect(await screen.findByText('A change could not be saved. There is one already.')).toBeInTheDocument()
  await press(world, 'Retry')
  expect(await screen.findByText('A change could not be saved. There is one already.')).toBeInTheDocument()
  isTaken = false
  await press(world, 'Retry')
  await waitFor(() => expect(stored(world)).toMatchObject({ title: 'Plotter' }))
  expect(screen.queryByText(/could not be saved/)).not.toBeInTheDocument()
})

it('says what the server says of a refusal that is of no field, and drops what is not wanted', async () => {
  const world = await away()
  write(world)
  world.server.remove('desk.Ticket', 1)
  world.back()
  expect(await screen.findByText(/A change could not be saved. No desk.Ticket/)).toBeInTheDocument()
  await press(world, 'Drop')
  await waitFor(() => expect(screen.queryByText(/could not be saved/)).not.toBeInTheDocument())
  expect(Writes.of(world.client).getSnapshot()).toEqual([])
})

it('writes the one field that is to be mine, over what others have written meanwhile', async () => {
  const world = await asked()
  await world.user.click(screen.getByRole('radio', { name: 'Mine: Plotter' }))
  await press(world, 'Save the choice')
  await waitFor(() => expect(stored(world)).toMatchObject({ title: 'Plotter', votes: 99 }))
  expect(Writes.of(world.client).getSnapshot()).toEqual([])
})

it('writes nothing where all is to be theirs', async () => {
  const world = await asked()
  const sent = world.server.requests('save').length
  await press(world, 'Save the choice')
  await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
  expect(stored(world)).toMatchObject({ title: 'Theirs', votes: 99 })
  expect(world.server.requests('save')).toHaveLength(sent)
  expect(Writes.of(world.client).getSnapshot()).toEqual([])
})

it('leaves it as it is where one does not decide', async () => {
  const world = await asked()
  await press(world, 'Go on editing')
  await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
  expect(screen.getByText(/A change could not be saved/)).toBeInTheDocument()
  expect(Writes.of(world.client).getSnapshot()).toHaveLength(1)
})

it('offers a dropped change whose row is gone for copying, not for taking up again', async () => {
  const world = stage({ 'desk.Ticket': TICKETS })
  const writeText = vi.spyOn(navigator.clipboard, 'writeText')
  world.show(<Table editable />)
  await world.user.dblClick(await cell('Printer'))
  await world.user.clear(editor())
  await world.user.keyboard('Plotter{Escape}')
  await screen.findByText(/Change dropped/)
  act(() => world.server.remove('desk.Ticket', 1))
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Restore' })).not.toBeInTheDocument())
  await press(world, 'Copy')
  expect(writeText).toHaveBeenCalledExactlyOnceWith('Plotter')
  await press(world, 'Close')
  expect(screen.queryByText(/Change dropped/)).not.toBeInTheDocument()
})
