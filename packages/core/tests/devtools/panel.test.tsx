import { ChannelsDevtools } from '@channels-binding/core/devtools'
import { Writes } from '@channels-binding/core/writes'
import { act, fireEvent, render, screen, within } from '@testing-library/react'
import axe from 'axe-core'
import { renderToString } from 'react-dom/server'
import { expect, it, vi } from 'vitest'
import { fakeClock } from '../helpers.js'
import { List, stage } from '../react/stage.js'

fakeClock()

const press = (name: string | RegExp, role = 'button'): void => void fireEvent.click(screen.getByRole(role, { name }))

it('is a button until it is opened, and again after Escape, with the focus', async () => {
  const { client, Wrapper, wait } = stage()
  render(<ChannelsDevtools />, { wrapper: Wrapper })
  act(() => client.connect())
  await wait(200)
  press('Channels · open')
  const panel = screen.getByRole('region', { name: 'Channels Binding devtools' })
  fireEvent.keyDown(panel, { key: 'Escape' })
  expect(screen.queryByRole('region')).toBeNull()
  expect(screen.getByRole('button', { name: 'Channels · open' })).toHaveFocus()
})

it('shows live reads, messages with their bodies, and the connection', async () => {
  const { server, Wrapper, wait } = stage()
  render(
    <>
      <List />
      <ChannelsDevtools initialIsOpen />
    </>,
    { wrapper: Wrapper },
  )
  await wait(200)
  act(() => void server.update('shop.Product', 1, { stock: 11 }))
  await wait(200)
  const reads = screen.getByRole('table', { name: 'Live reads' })
  expect(reads).toHaveTextContent('shop.Product.search#h1')
  expect(reads).toHaveTextContent('3 of 3')
  press(/^Messages/, 'tab')
  fireEvent.change(screen.getByRole('searchbox', { name: 'Filter messages' }), { target: { value: 'diff' } })
  const rows = within(screen.getByRole('table', { name: 'Messages' })).getAllByRole('row')
  expect(rows).toHaveLength(2)
  const body = screen.getByRole('button', { name: /shop\.Product\.search/ })
  fireEvent.click(body)
  expect(body).toHaveAttribute('aria-expanded', 'true')
  expect(screen.getByText(/"patch"/)).toHaveTextContent('"stock": 11')
  press('Pause')
  await wait(200)
  press('Go on')
  await wait(200)
  press('Clear')
  await wait(200)
  expect(within(screen.getByRole('table', { name: 'Messages' })).getAllByRole('row')).toHaveLength(1)
  fireEvent.keyDown(screen.getByRole('tab', { name: /^Messages/ }), { key: 'ArrowLeft' })
  fireEvent.keyDown(screen.getByRole('tab', { name: /^Reads/ }), { key: 'ArrowLeft' })
  expect(screen.getByRole('tab', { name: 'Connection' })).toHaveFocus()
  expect(screen.getByRole('table', { name: 'Changes of the connection' })).toHaveTextContent('open')
  press('Reconnect')
  await wait(300)
  expect(server.connections.size).toBe(1)
  press('Disconnect')
  await wait(300)
  expect(server.connections.size).toBe(0)
  press('Hide')
  expect(screen.getByRole('button', { name: 'Channels · closed' })).toHaveFocus()
})

it('asks why a read is sent something, and no longer when it is enough', async () => {
  const { server, Wrapper, wait } = stage()
  render(
    <>
      <List />
      <ChannelsDevtools initialIsOpen />
    </>,
    { wrapper: Wrapper },
  )
  await wait(200)
  press('Why?')
  await wait(200)
  const [asked] = server.requests('search').filter(({ data }) => (data as { why?: boolean }).why)
  const why = { models: { 'shop.Product': [1], x: null }, group: 'g/1', readers: 2, took_ms: 3, statements: 1 }
  act(() => server.raw(JSON.stringify({ event: asked?.event, type: 'diff', from: 'x', v: 'y', data: {}, why })))
  await wait(200)
  expect(screen.getByRole('table', { name: 'Live reads' })).toHaveTextContent(
    'changed: shop.Product 1; any x · 2 readers · 3 ms, 1 statement',
  )
  press('Enough')
  await wait(3_000)
  expect(server.liveReads).toBe(1)
})

it('shows what waits to be written, and gives it up', async () => {
  const { server, client, Wrapper, wait } = stage()
  server.bends.refuse = Number.POSITIVE_INFINITY
  act(() => client.connect())
  const dropped = vi.fn()
  Writes.of(client)
    .write({ stream: 'shop.Product', action: 'update', id: 1, values: { stock: 3 } })
    .catch(dropped)
  render(<ChannelsDevtools initialIsOpen client={client} />, { wrapper: Wrapper })
  await wait(200)
  press('Writes (1)', 'tab')
  expect(screen.getByRole('table', { name: 'Writes' })).toHaveTextContent('{"stock":3}')
  press('Drop')
  await wait(200)
  expect(dropped).toHaveBeenCalled()
  expect(screen.getByText('Nothing waits to be written.')).toBeInTheDocument()
})

it('has no barriers that axe knows of, whatever is shown', async () => {
  const { Wrapper, wait } = stage()
  const { container } = render(
    <>
      <List />
      <ChannelsDevtools initialIsOpen />
    </>,
    { wrapper: Wrapper },
  )
  await wait(200)
  vi.useRealTimers()
  for (const name of [/^Messages/, /^Writes/, 'Connection', /^Reads/]) {
    press(name, 'tab')
    const { violations } = await axe.run(container, { rules: { 'color-contrast': { enabled: false } } })
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
  }
})

it('is a button on a server', () => {
  const { Wrapper } = stage()
  const html = renderToString(
    <Wrapper>
      <ChannelsDevtools />
    </Wrapper>,
  )
  expect(html).toContain('Channels · ')
})
