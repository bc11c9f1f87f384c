import type { GridApiCommunity } from '@mui/x-data-grid/internals'
import { act, screen, waitFor } from '@testing-library/react'
import { Profiler } from 'react'
import { afterEach, expect, it, vi } from 'vitest'
import { stage, TICKETS } from '../helpers.js'
import { cell, Table, titles } from './grid.js'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** Of the table, and of the grid within it. */
const MOST_RENDERS = 3

const votesOf = (id: number): string | null | undefined =>
  document.querySelector(`[data-id="${id}"] [data-field="votes"]`)?.textContent

it('follows what others do', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  show(<Table order="title" />)
  await cell('Printer')
  act(() => void server.update('desk.Ticket', 2, { title: 'Beamer' }))
  await waitFor(() => expect(titles()).toEqual(['Beamer', 'Mouse', 'Printer']))
  act(() => server.remove('desk.Ticket', 3))
  await waitFor(() => expect(titles()).toEqual(['Beamer', 'Printer']))
  act(() => void server.insert('desk.Ticket', { title: 'Cable', status: 'open' }))
  await waitFor(() => expect(titles()).toEqual(['Beamer', 'Cable', 'Printer']))
  act(() => void server.update('desk.Ticket', 1, { votes: 5 }))
  await cell('5')
})

it('renders the cells of a changed row, and no others', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  const rendered = vi.fn()
  const renderCell = (params: { value?: unknown }): unknown => {
    rendered(params.value)
    return String(params.value)
  }
  const columns = [
    { field: 'title', renderCell },
    { field: 'votes', renderCell },
  ] as never
  show(<Table columns={columns} />)
  await cell('Printer')
  rendered.mockClear()
  act(() => void server.update('desk.Ticket', 1, { votes: 5 }))
  await cell('5')
  const values = new Set(rendered.mock.calls.flat())
  expect([...values].sort()).toEqual([5, 'Printer'])
})

it('costs three renders, the cells of its row and what has changed in one of them, for each change of a row among a hundred', async () => {
  const rows = Array.from({ length: 100 }, (_, index) => ({ id: index + 1, title: `No ${index + 1}`, votes: 0 }))
  const { show, server } = stage({ 'desk.Ticket': { ...TICKETS, rows } })
  const [drawn, rendered] = [vi.fn(), vi.fn()]
  const renderCell = ({ id, field, value }: { id?: unknown; field?: unknown; value?: unknown }): unknown => {
    drawn(`${id} ${field}`)
    return String(value)
  }
  const columns = [
    { field: 'title', renderCell },
    { field: 'votes', renderCell },
  ] as never
  show(
    <Profiler id="table" onRender={rendered}>
      <Table columns={columns} pageSize={100} order="id" highlightChanges={false} />
    </Profiler>,
  )
  await cell('No 100')
  expect(document.querySelectorAll('[role="gridcell"][data-field]')).toHaveLength(200)
  const changed: MutationRecord[] = []
  const observer = new MutationObserver(records => changed.push(...records))
  observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
  drawn.mockClear()
  rendered.mockClear()
  for (let votes = 1; votes <= 10; votes += 1) {
    act(() => void server.update('desk.Ticket', 37, { votes }))
    await waitFor(() => expect(votesOf(37)).toBe(String(votes)))
  }
  expect(new Set(drawn.mock.calls.flat())).toEqual(new Set(['37 title', '37 votes']))
  expect(rendered.mock.calls.length).toBeLessThanOrEqual(10 * MOST_RENDERS)
  const cells = changed.map(
    ({ target }) =>
      (target as Element).closest?.('[role="gridcell"]') ?? target.parentElement?.closest('[role="gridcell"]'),
  )
  expect(new Set(cells.map(each => each?.getAttribute('data-field')))).toEqual(new Set(['votes']))
  expect(changed.length).toBeLessThanOrEqual(10 * 2) // its text and its title
})

it('lets the next changes wait where drawing them takes long, and shows the last of them', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  const renderCell = ({ value }: { value?: unknown }): unknown => {
    const begin = performance.now()
    while (value === 5 && performance.now() - begin < 500);
    return String(value)
  }
  show(<Table columns={['title', { field: 'votes', renderCell } as never]} />)
  await cell('Printer')
  act(() => void server.update('desk.Ticket', 1, { votes: 5 }))
  await cell('5')
  for (const votes of [6, 7]) {
    act(() => void server.update('desk.Ticket', 1, { votes }))
    for (let frame = 0; frame < 3; frame += 1) await act(() => new Promise(requestAnimationFrame))
    expect(votesOf(1)).toBe('5')
  }
  await waitFor(() => expect(votesOf(1)).toBe('7'), { timeout: 10_000 })
})

it('keeps rows that were updated one by one when the grid renders for another reason, such as another count', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  show(<Table pageSize={2} order="id" columns={['title', 'votes']} />)
  await cell('Printer')
  act(() => void server.update('desk.Ticket', 1, { votes: 5 }))
  await cell('5')
  act(() => void server.insert('desk.Ticket', { title: 'Cable', status: 'open', votes: 0 })) // on the second page
  await screen.findByText(/of 4$/)
  expect(screen.queryByText('1,200')).toBeNull()
  expect(screen.getByText('5')).toBeVisible()
})

it('lets changed cells flash, unless the user prefers reduced motion', async () => {
  const animate = vi.fn()
  Object.assign(Element.prototype, { animate })
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  const view = show(<Table />)
  await cell('Printer')
  act(() => void server.update('desk.Ticket', 1, { votes: 5 }))
  await cell('5')
  expect(animate).toHaveBeenCalledOnce()
  expect((animate.mock.contexts[0] as HTMLElement).dataset.field).toBe('votes')
  const list = { matches: true, addEventListener() {}, removeEventListener() {} }
  vi.stubGlobal('matchMedia', () => list)
  act(() => void server.update('desk.Ticket', 1, { votes: 6 }))
  await cell('6')
  vi.unstubAllGlobals()
  view.rerender(<Table highlightChanges={false} />)
  act(() => void server.update('desk.Ticket', 1, { votes: 8 }))
  await cell('8')
  expect(animate).toHaveBeenCalledOnce()
  Reflect.deleteProperty(Element.prototype, 'animate')
})

it('lets no more than twelve cells flash at a time, whenever they began', async () => {
  let end: () => void = () => undefined
  const finished = new Promise<void>(resolve => {
    end = resolve
  })
  const animate = vi.fn(() => ({ finished }))
  Object.assign(Element.prototype, { animate })
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  show(<Table columns={['title', 'votes']} />)
  await cell('Printer')
  for (let votes = 100; votes < 115; votes += 1) {
    act(() => void server.update('desk.Ticket', 1, { votes }))
    await cell(String(votes))
  }
  expect(animate).toHaveBeenCalledTimes(12)
  await act(async () => end())
  act(() => void server.update('desk.Ticket', 1, { votes: 200 }))
  await cell('200')
  expect(animate).toHaveBeenCalledTimes(13)
  Reflect.deleteProperty(Element.prototype, 'animate')
})

it('tells the grid once of all rows that have changed in a frame', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  const apiRef = { current: null as GridApiCommunity | null }
  show(<Table columns={['title', 'votes']} apiRef={apiRef} />)
  await cell('Printer')
  const told = vi.fn()
  apiRef.current?.store.subscribe(told)
  const ofChanged = async (keys: readonly number[], votes: number): Promise<number> => {
    told.mockClear()
    act(() =>
      server.commit(() => {
        for (const key of keys) server.update('desk.Ticket', key, { votes })
      }),
    )
    await waitFor(() => expect(keys.map(votesOf)).toEqual(keys.map(() => String(votes))))
    return told.mock.calls.length
  }
  const ofOne = await ofChanged([1], 7)
  expect(ofOne).toBeGreaterThan(0)
  expect(await ofChanged([1, 2, 3], 8)).toBeLessThanOrEqual(ofOne) // Data Grid 8 tells of the first update once more
})
