import { BindingError } from '@channels-binding/core'
import { act, screen, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SETTLED_MS, UNDO_MS, writeMany } from '../../src/table/useBulk.js'
import { field } from '../field.js'
import { type Stage, stage, TICKETS } from '../helpers.js'
import { cell, nextPage, Table, titles } from './grid.js'

beforeEach(() => {
  // A machine with much else to do may take longer over a test than somebody has for an undo.
  const later = globalThis.setTimeout
  const patient = (run: () => void, ms?: number): unknown =>
    later(run, ms === UNDO_MS || ms === SETTLED_MS ? 600_000 : ms)
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(patient as never)
})
afterEach(() => void vi.useRealTimers())

const FIELDS = [field({ name: 'title' }), field({ name: 'votes', type: 'IntegerField' })]

const BULK = { mode: 'independent', max: 100 } as const

/** A table with a row of each of two pages selected. */
async function chosen(props: object = {}): Promise<Stage> {
  const isOnePage = 'pageSize' in props
  const world = stage({ 'desk.Ticket': { ...TICKETS, fields: FIELDS, describe: { ...TICKETS.describe, bulk: BULK } } })
  world.show(<Table toolbar selection pageSize={2} pageSizeOptions={[2]} {...props} />)
  await cell('Printer')
  await world.user.click(screen.getAllByRole('checkbox', { name: 'Select row' })[0] as HTMLElement)
  expect(await screen.findByText('1 row is selected')).toBeInTheDocument()
  if (!isOnePage) await world.user.click(nextPage())
  await cell('Mouse')
  await world.user.click(screen.getAllByRole('checkbox', { name: 'Select row' })[0] as HTMLElement)
  expect(await screen.findByText('2 rows are selected')).toBeInTheDocument()
  return world
}

const press = async ({ user }: Stage, name: string): Promise<void> =>
  user.click(await screen.findByRole('button', { name }))
const ids = ({ server }: Stage): unknown[] => server.rows('desk.Ticket').map(row => row.id)

it('lets go of selected rows that somebody deletes, on this page and on others, and of no others', async () => {
  const world = await chosen()
  act(() => world.server.remove('desk.Ticket', 1)) // selected on the first page, while the second is shown
  expect(await screen.findByText('1 row is selected')).toBeInTheDocument()
  await waitFor(() => expect(titles()).toEqual(['Screen', 'Mouse'])) // the second page is no more
  expect(screen.getByText('1 row is selected')).toBeInTheDocument()
  act(() => world.server.remove('desk.Ticket', 3))
  await waitFor(() => expect(screen.queryByText(/ (is|are) selected/)).not.toBeInTheDocument())
})

it('lets go of selected rows that may no longer be seen', async () => {
  const world = await chosen()
  world.server.bends.fail = ({ event }) => (event.startsWith('desk.Ticket.retrieve') ? REFUSED : null)
  act(() => void world.client.reconnect())
  await waitFor(() => expect(screen.getByText('1 row is selected')).toBeInTheDocument())
})

const REFUSED = new BindingError('not_found', 'No such row.')

it('deletes rows of several pages, which can be undone', async () => {
  const world = await chosen()
  await press(world, 'Delete')
  expect(await screen.findByText('2 rows are deleted.')).toBeInTheDocument()
  expect(ids(world)).toEqual([1, 2, 3])
  await press(world, 'Undo')
  await waitFor(() => expect(titles()).toEqual(['Printer', 'Screen']))
  expect(document.querySelector('.MuiTablePagination-displayedRows')).toHaveTextContent('of 3')
  expect(screen.queryByText(/are deleted/)).not.toBeInTheDocument()
  expect(world.server.requests('delete')).toEqual([])
})

it('counts no row that is deleted, on whichever page, also while the deletion is on its way', async () => {
  const world = await chosen()
  const counted = document.querySelector('.MuiTablePagination-displayedRows') as HTMLElement
  expect(counted).toHaveTextContent('3–3 of 3')
  world.server.handle('desk.Ticket.delete', () => new Promise(() => undefined))
  await press(world, 'Delete')
  await waitFor(() => expect(counted).toHaveTextContent('of 1'))
  act(() => void window.dispatchEvent(new Event('pagehide')))
  act(() => world.server.update('desk.Ticket', 2, { votes: 4 })) // the list comes again, and still counts them
  await cell('4')
  expect(counted).toHaveTextContent('of 1')
  act(() => world.server.remove('desk.Ticket', 1))
  act(() => world.server.remove('desk.Ticket', 3))
  await waitFor(() => expect(titles()).toEqual(['Screen']))
  expect(counted).toHaveTextContent('of 1')
})

it('makes the deletion when the page is left, and says which rows the server keeps', async () => {
  const world = await chosen()
  world.server.handle('desk.Ticket.delete', data => {
    expect(data).toEqual({ ids: [1, 3] })
    world.server.remove('desk.Ticket', 1)
    return {
      success: false,
      results: [
        { id: 1, success: true },
        { id: 3, success: false, error: { code: 'forbidden', message: 'Not yours.' } },
      ],
    }
  })
  await press(world, 'Delete')
  act(() => void window.dispatchEvent(new Event('pagehide')))
  expect(await screen.findByText('1 saved, 1 not: Not yours.')).toBeInTheDocument()
  expect(ids(world)).toEqual([2, 3])
  await waitFor(() => expect(titles().sort()).toEqual(['Mouse', 'Screen']))
})

it('shows no row again that was deleted, where a busy server says that it is before its lists do', async () => {
  const world = await chosen({ pageSize: 25, pageSizeOptions: [25] })
  const results = [1, 2].map(id => ({ id, success: true }))
  world.server.handle('desk.Ticket.delete', () => ({ success: true, results }))
  const call = vi.spyOn(world.client, 'call')
  await press(world, 'Delete')
  await waitFor(() => expect(titles()).toEqual(['Mouse']))
  const counted = document.querySelector('.MuiTablePagination-displayedRows') as HTMLElement
  const seen = new Set<string | null>()
  const observer = new MutationObserver(() => void seen.add(counted.textContent))
  observer.observe(counted, { subtree: true, childList: true, characterData: true })
  act(() => void window.dispatchEvent(new Event('pagehide')))
  expect(await act(() => call.mock.lastCall && call.mock.results.at(-1)?.value)).toEqual({ success: true, results })
  for (let frame = 0; frame < 60; frame += 1) await act(() => new Promise(requestAnimationFrame))
  expect([...seen, ...titles()]).toEqual(['Mouse'])
  observer.disconnect()
})

it('changes a field of all of them', async () => {
  const world = await chosen()
  world.server.handle('desk.Ticket.update', data => {
    const { ids, ...values } = data as { ids: number[] }
    for (const id of ids) world.server.update('desk.Ticket', id, values)
    return { success: true, results: ids.map(id => ({ id, success: true })) }
  })
  await press(world, 'Change')
  await world.user.click(await screen.findByRole('combobox', { name: 'Field' }))
  await world.user.click(await screen.findByRole('option', { name: 'Votes' }))
  await world.user.type(await screen.findByRole('textbox', { name: 'Votes' }), '55')
  await press(world, 'Change 2 rows')
  await waitFor(() => expect(world.server.rows('desk.Ticket').map(row => row.votes)).toEqual([55, 3, 55]))
})

it('offers what this user may do, and what the application adds', async () => {
  const run = vi.fn(async () => undefined)
  const never = { label: 'Never', run, isAllowed: () => false }
  const world = await chosen({ bulkActions: [{ label: 'Archive', run }, never] })
  expect(screen.queryByRole('button', { name: 'Never' })).not.toBeInTheDocument()
  await press(world, 'Archive')
  expect(run).toHaveBeenCalledExactlyOnceWith([1, 3])
  await waitFor(() => expect(screen.queryByText(/selected$/)).not.toBeInTheDocument())
})

it('deletes one row by its action, which can be undone', async () => {
  const world = stage({ 'desk.Ticket': TICKETS })
  const run = vi.fn()
  const rowActions = [
    'delete' as const,
    { label: 'Open', icon: <b>o</b>, run, isAllowed: ({ id }: { id: unknown }) => id === 1 },
  ]
  world.show(<Table columns={['title']} rowActions={rowActions} />)
  await cell('Printer')
  await world.user.click(screen.getByLabelText('Open'))
  expect(run.mock.calls[0]?.[0]).toMatchObject({ id: 1 })
  await world.user.click(screen.getAllByLabelText('Delete')[0] as HTMLElement)
  expect(await screen.findByText('1 row is deleted.')).toBeInTheDocument()
  await waitFor(() => expect(titles()).toEqual(['Screen', 'Mouse']))
  await press(world, 'Undo')
  await waitFor(() => expect(titles()).toEqual(['Printer', 'Screen', 'Mouse']))
})

it('writes each by itself where the stream takes no more, and as many at a time as it takes where it does', async () => {
  const asked: unknown[] = []
  const many = Array.from({ length: 150 }, (_, id) => id)
  const note = async (data: unknown): Promise<unknown> => {
    asked.push(data)
    return { success: true, results: [] }
  }
  expect(await writeMany({ several: note, one: note }, many, 100)).toEqual({ done: 150, failed: [] })
  expect(asked).toEqual([many.slice(0, 100), many.slice(100)])
  asked.length = 0
  expect(await writeMany({ several: note, one: note }, many, 1)).toEqual({ done: 150, failed: [] })
  expect(asked).toEqual(many)
  const refuse = async (id: unknown): Promise<unknown> => {
    if (id !== 2) return { success: true }
    throw { code: 'invalid', message: 'No.', fields: { a: [{ code: 'x', message: 'Wrong.' }] } }
  }
  const failed = [{ id: 2, reason: 'Wrong.' }]
  expect(await writeMany({ several: refuse, one: refuse }, [1, 2], 1)).toEqual({ done: 1, failed })
  const forbid = async (): Promise<unknown> => Promise.reject({ code: 'forbidden', message: 'Not yours.' })
  const all = [1, 2].map(id => ({ id, reason: 'Not yours.' }))
  expect(await writeMany({ several: forbid, one: forbid }, [1, 2], 2)).toEqual({ done: 0, failed: all })
})

it('sends what is done to several rows as the stream describes it, each message with a key', async () => {
  for (const bulk of [{ ...BULK, max: 2 }, undefined]) {
    const world = stage({ 'desk.Ticket': { ...TICKETS, describe: { ...TICKETS.describe, ...(bulk && { bulk }) } } })
    const { unmount } = world.show(<Table columns={['title']} selection toolbar />)
    await cell('Printer')
    for (const box of screen.getAllByLabelText('Select row')) await world.user.click(box)
    await press(world, 'Delete')
    await screen.findByText('3 rows are deleted.')
    unmount() // who leaves has decided
    await waitFor(() => expect(world.server.requests('delete').length).toBe(bulk ? 2 : 3))
    const requests = world.server.requests('delete')
    const ids = requests.flatMap(({ data }) => Object.values(data as object).flat())
    expect(ids).toEqual([1, 2, 3])
    expect(requests.every(({ key }) => typeof key === 'string')).toBe(true)
  }
})

it('offers the same below a table without a toolbar', async () => {
  const world = await chosen({ toolbar: false })
  await press(world, 'Delete')
  expect(await screen.findByText('2 rows are deleted.')).toBeInTheDocument()
  expect(screen.queryByRole('toolbar')).not.toBeInTheDocument()
})
