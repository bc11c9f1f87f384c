import { ChannelsProvider, useConnection, useSearch } from '@channels-binding/core/react'
import { act, renderHook } from '@testing-library/react'
import type { JSX, ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it, vi } from 'vitest'
import { fakeClock, settle, world } from '../helpers.js'
import { List } from './stage.js'

fakeClock()

function Status(): JSX.Element {
  const { status, isConnected, user } = useConnection()
  return <p role="status">{`${status} ${isConnected} ${JSON.stringify(user)}`}</p>
}

it('asks for a provider where there is none', () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  expect(() => renderHook(() => useConnection())).toThrow('use ChannelsProvider')
  report.mockRestore()
})

it('makes a cache of its own where there is none', async () => {
  const { client } = world()
  const { result } = renderHook(() => useSearch('shop.Product'), {
    wrapper: ({ children }: { children: ReactNode }) => <ChannelsProvider client={client}>{children}</ChannelsProvider>,
  })
  await act(async () => void (await settle(10)))
  expect(result.current.count).toBe(3)
})

it('renders pending on a server, without a socket', () => {
  const { client } = world({ WebSocket: undefined as never })
  const html = renderToString(
    <ChannelsProvider client={client}>
      <List />
      <Status />
    </ChannelsProvider>,
  )
  expect(html).toContain('wait')
  expect(html).toContain('idle')
  expect(client.getState().status).toBe('idle')
})
