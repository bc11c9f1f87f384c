import { act, fireEvent, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { type Stage, stage, TICKETS, violations } from '../helpers.js'
import { cell, editor, Table } from './grid.js'

const ANN = { tab: 't1', user: { id: 7, username: 'ann' } } as const
const edits = (...cells: readonly unknown[]): object => ({ ...ANN, meta: { 'desk.Ticket': cells } })

/** Where somebody else edits: rows and fields, with who it is. */
const marked = (): unknown[] =>
  [...document.querySelectorAll<HTMLElement>('[data-editors]')].map(each => [
    each.closest('[data-id]')?.getAttribute('data-id'),
    each.dataset.field,
    each.dataset.editors,
  ])
/** What a screen reader is told. */
const told = (): (string | null)[] =>
  [...document.querySelectorAll('[aria-live="polite"] > div')].map(each => each.textContent)

async function table(): Promise<Stage> {
  const world = stage({ 'desk.Ticket': TICKETS })
  world.server.bindRooms('desk.board')
  world.show(<Table presence="desk.board" editable columns={['title', 'votes']} />)
  await cell('Printer')
  await waitFor(() => expect(world.server.requests('presence')).not.toHaveLength(0))
  return world
}

it('shows at a cell who else is editing it, says so, and follows them from cell to cell until they leave', async () => {
  const { server } = await table()
  act(() => server.enter('desk.board', '', edits([1, 'title']) as never))
  await waitFor(() => expect(marked()).toEqual([['1', 'title', 'ann']]))
  expect(await cell('Printer')).toHaveAttribute('title', 'ann is editing Title of Printer')
  expect(told()).toEqual(['ann is editing Title of Printer'])
  expect(await violations()).toEqual([])
  act(() => server.enter('desk.board', '', edits([2, 'title', 'votes'], [9, 'title']) as never))
  await waitFor(() => expect(marked()).toEqual([['2', 'title', 'ann'], ['2', 'votes', 'ann']])) // biome-ignore format: one line
  act(() => server.leave('desk.board', '', 't1'))
  await waitFor(() => expect(marked()).toEqual([]))
  expect(told()).toEqual([])
  expect(await cell('Printer')).toHaveAttribute('title', 'Printer')
})

it('tells the room which cell is edited here, and is there for no longer than that', async () => {
  const { server } = await table()
  const said = (): unknown[] =>
    server
      .requests('presence')
      .flatMap(({ data }) => ('meta' in (data as object) ? [(data as { meta: unknown }).meta] : []))
  expect(said()).toEqual([])
  fireEvent.doubleClick(await cell('Printer'))
  await waitFor(() => expect(said()).toEqual([{ 'desk.Ticket': [[1, 'title']] }]))
  expect(marked()).toEqual([]) // one's own is not
  fireEvent.keyDown(editor(), { key: 'Escape' })
  await waitFor(() => expect(said().at(-1)).toBeNull())
})

it('shows nobody while it is not known who is there, and nothing of what is no edit', async () => {
  const { server, client } = await table()
  for (const [
    tab,
    meta,
  ] of [['a', { 'desk.Ticket': 'x' }], ['b', { 'desk.Ticket': [7, null, [], [{}, 5]] }], ['c', {}]] as const) // biome-ignore format: a table
    act(() => server.enter('desk.board', '', { tab, user: null, meta } as never))
  act(() => server.enter('desk.board', '', edits([1, 'title']) as never))
  await waitFor(() => expect(marked()).toHaveLength(1))
  server.bends.refuse = Number.POSITIVE_INFINITY
  act(() => server.close(4500))
  await waitFor(() => expect(marked()).toEqual([]))
  server.bends.refuse = 0
  act(() => void client.reconnect())
  await waitFor(() => expect(marked()).toHaveLength(1))
})

it('asks no room where it is not turned on', async () => {
  const world = stage({ 'desk.Ticket': TICKETS })
  world.show(<Table editable columns={['title']} />)
  fireEvent.doubleClick(await cell('Printer'))
  expect(world.server.requests('presence')).toEqual([])
})
