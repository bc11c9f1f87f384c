import { act, screen, waitFor } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import { stage, TICKETS } from '../helpers.js'
import { cell, Table, titles } from './grid.js'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

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
