import { useTableState, useUrlState } from '@channels-binding/mui/table'
import { act, renderHook, screen, waitFor } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'
import { stage, TICKETS } from '../helpers.js'
import { cell, header, nextPage, Table, titles } from './grid.js'

beforeEach(() => window.history.replaceState(null, '', '/tickets?other=1#here'))

function Addressed({ name }: { readonly name?: string }): React.JSX.Element {
  const state = useUrlState({ pageSize: 2 }, name)
  return <Table state={state} pageSizeOptions={[2]} />
}

const back = async (): Promise<void> => {
  window.history.back()
  await act(() => new Promise(resolve => setTimeout(resolve, 50)))
}

it('has page, order, query and filters in the address, and leaves the rest of it alone', async () => {
  const { result } = renderHook(() => useUrlState())
  act(() => result.current.change({ order: ['-title', 'id'] }))
  act(() => result.current.change({ filters: { status: 'open', owner: 7, code: '7', tags: [1, 2], late: true } }))
  act(() => result.current.change({ query: 'a b' }))
  act(() => result.current.change({ page: 3 }))
  expect(Object.fromEntries(new URLSearchParams(window.location.search))).toEqual({
    other: '1',
    order: '-title,id',
    page: '3',
    query: 'a b',
    'filters.status': 'open',
    'filters.owner': '7',
    'filters.code': '"7"',
    'filters.tags': '[1,2]',
    'filters.late': 'true',
  })
  expect(window.location.hash).toBe('#here')
  const { result: again } = renderHook(() => useUrlState())
  expect(again.current).toMatchObject({
    page: 3,
    order: ['-title', 'id'],
    query: 'a b',
    filters: { status: 'open', owner: 7, code: '7', tags: [1, 2], late: true },
  })
})

it('goes to the first page when something else is meant, and takes nonsense for nothing', () => {
  const { result } = renderHook(() => useTableState({ page: 4 }))
  act(() => result.current.change({ page: 5 }))
  expect(result.current.page).toBe(5)
  act(() => result.current.change({ query: 'x' }))
  expect(result.current.page).toBe(1)
  window.history.replaceState(null, '', '?page=-1&limit=99999999&filters.a=%7Bbroken&order=,')
  const { result: url } = renderHook(() => useUrlState())
  expect(url.current).toMatchObject({ page: 1, pageSize: 100, filters: { a: '{broken' }, order: [] })
})

it('remembers that the filters to begin with were taken away', () => {
  const { result } = renderHook(() => useUrlState({ filters: { status: 'open' } }))
  expect(result.current.filters).toEqual({ status: 'open' })
  act(() => result.current.change({ filters: {} }))
  expect(result.current.filters).toEqual({})
})

it('lets two tables have names of their own', () => {
  const { result } = renderHook(() => [useUrlState({}, 'a'), useUrlState({}, 'b')] as const)
  act(() => result.current[0].change({ page: 2 }))
  act(() => result.current[1].change({ query: 'x' }))
  expect(window.location.search).toBe('?other=1&a.page=2&b.query=x')
  expect(result.current[0]).toMatchObject({ page: 2, query: '' })
})

it('lets "back" go to what the table showed before', async () => {
  const { show, user } = stage({ 'desk.Ticket': TICKETS })
  show(<Addressed />)
  await cell('Printer')
  await user.click(header('Title'))
  await waitFor(() => expect(titles()).toEqual(['Mouse', 'Printer']))
  await user.click(nextPage())
  await cell('Screen')
  expect(window.location.search).toBe('?other=1&page=2&order=title')
  await back()
  await waitFor(() => expect(titles()).toEqual(['Mouse', 'Printer']))
  await back()
  await waitFor(() => expect(titles()).toEqual(['Printer', 'Screen']))
})

it('begins with what a link says', async () => {
  window.history.replaceState(null, '', '?t.filters.status=done')
  const { show, user } = stage({ 'desk.Ticket': TICKETS })
  show(<Addressed name="t" />)
  await cell('Screen')
  expect(titles()).toEqual(['Screen'])
  window.history.replaceState(null, '', '?t.query=nothing')
  act(() => void window.dispatchEvent(new Event('popstate')))
  await user.click(await screen.findByRole('button', { name: 'Clear filters' }))
  await waitFor(() => expect(titles()).toHaveLength(2))
  expect(window.location.search).toBe('')
})
