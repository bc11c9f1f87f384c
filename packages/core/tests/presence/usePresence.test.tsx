import { usePresence, usePresenceOf } from '@channels-binding/core/presence'
import { render, renderHook, screen } from '@testing-library/react'
import type { JSX } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from '../react/stage.js'

fakeClock()

const BEN = { user: { id: 5, username: 'ben' }, tab: 'b1' }

function Editors({ id, editing }: { id: number | null; editing: string | null }): JSX.Element {
  const { me, others, status } = usePresenceOf('shop.Product', id, { editing })
  const names = others.map(({ user, tabs }) => `${user?.username}:${tabs[0]?.meta.editing}`)
  return <p role="status">{`${status} ${me ? me.tabs[0]?.meta.editing : '-'} ${names.join()}`}</p>
}

it('is at a row as long as it is mounted, with its meta, under StrictMode', async () => {
  const { server, Wrapper, wait } = stage()
  server.enter('shop.Product', 1, { ...BEN, meta: { editing: 'price' } })
  const { rerender, unmount } = render(<Editors id={1} editing="name" />, { wrapper: Wrapper })
  expect(screen.getByRole('status')).toHaveTextContent('pending -')
  await wait(500)
  expect(screen.getByRole('status')).toHaveTextContent('success name ben:price')
  rerender(<Editors id={1} editing="stock" />)
  await wait(500)
  expect(screen.getByRole('status')).toHaveTextContent('success stock ben:price')
  rerender(<Editors id={2} editing="stock" />)
  await wait(500)
  expect(screen.getByRole('status')).toHaveTextContent('success stock')
  unmount()
  await wait(3_000)
  const metas = server.requests('presence').flatMap(({ data }) => {
    const { id, meta } = data as { id: number; meta?: unknown }
    return meta === undefined ? [] : [[id, meta]]
  })
  expect(metas).toEqual([
    [1, { editing: 'name' }],
    [1, { editing: 'stock' }],
    [2, { editing: 'stock' }],
    [1, null],
    [2, null],
  ])
  expect(server.liveReads).toBe(0)
})

it('is nowhere where there is no row', async () => {
  const { server, Wrapper, wait } = stage()
  render(<Editors id={null} editing="name" />, { wrapper: Wrapper })
  await wait(500)
  expect(server.received).toEqual([])
  expect(screen.getByRole('status')).toHaveTextContent('pending -')
})

it('watches without being seen', async () => {
  const { server, Wrapper, wait } = stage()
  server.enter('shop.Product', 1, BEN)
  const { result } = renderHook(() => usePresenceOf('shop.Product', 1, null), { wrapper: Wrapper })
  await wait(500)
  expect(result.current).toMatchObject({ me: null, members: [{ id: '5' }], others: [{ id: '5' }] })
  expect(server.requests('presence')).toHaveLength(1)
})

it('is in a room by the name of its stream, and one behind a colon', async () => {
  const { server, Wrapper, wait } = stage()
  server.bindRooms('shop.lobby')
  const { result } = renderHook(() => [usePresence('shop.lobby'), usePresence('shop.lobby:a:b', { n: 1 })], {
    wrapper: Wrapper,
  })
  await wait(500)
  expect(result.current.map(({ me }) => me?.tabs[0]?.meta)).toEqual([{}, { n: 1 }])
  const asked = server.requests('presence').map(({ data }) => (data as { id?: string }).id)
  expect(new Set(asked)).toEqual(new Set([undefined, 'a:b']))
})

it('sends an equal meta once, however often it is rendered', async () => {
  const { server, Wrapper, wait } = stage()
  const { rerender } = renderHook(() => usePresenceOf('shop.Product', 1, { at: { x: 1, y: 2 } }), { wrapper: Wrapper })
  await wait(500)
  const before = server.requests('presence').length
  rerender()
  await wait(500)
  expect(server.requests('presence')).toHaveLength(before)
})

it('shows nobody on a server', () => {
  const { Wrapper } = stage()
  const html = renderToString(
    <Wrapper>
      <Editors id={1} editing="name" />
    </Wrapper>,
  )
  expect(html).toContain('pending -')
})
