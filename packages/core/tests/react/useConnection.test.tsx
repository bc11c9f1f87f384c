import { useConnection } from '@channels-binding/core/react'
import { act, render, renderHook, screen } from '@testing-library/react'
import type { JSX } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it, vi } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

function Status(): JSX.Element {
  const { status, isConnected, user } = useConnection()
  return <p role="status">{`${status} ${isConnected} ${JSON.stringify(user)}`}</p>
}

it('shows the connection', async () => {
  const { client, Wrapper, wait } = stage()
  render(<Status />, { wrapper: Wrapper })
  expect(screen.getByRole('status')).toHaveTextContent('idle false null')
  act(() => client.connect())
  await wait()
  expect(screen.getByRole('status')).toHaveTextContent('open true {"id":1,"name":"Ann"}')
})

it('connects, connects anew and disconnects', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => useConnection(), { wrapper: Wrapper })
  act(() => result.current.connect())
  await wait()
  expect(result.current).toMatchObject({ status: 'open', isConnected: true })
  const [first] = server.connections
  act(() => result.current.reconnect())
  await wait()
  expect(result.current.isConnected).toBe(true)
  expect(server.connections.has(first as never)).toBe(false)
  act(() => result.current.close())
  await wait()
  expect(result.current).toMatchObject({ status: 'closed', isConnected: false })
  expect(server.connections.size).toBe(0)
})

it('is idle on a server', () => {
  const { Wrapper } = stage()
  const html = renderToString(
    <Wrapper>
      <Status />
    </Wrapper>,
  )
  expect(html).toContain('idle false null')
})

it('re-renders nobody with a reading of the latency who does not show it', async () => {
  const { client, Wrapper, wait } = stage({ heartbeat: { intervalMs: 100 } })
  const renders = { status: 0, latency: 0 }
  const useBoth = (): void => {
    renders.status++
    expect(useConnection().status).toBeTypeOf('string')
  }
  renderHook(useBoth, { wrapper: Wrapper })
  renderHook(
    () => {
      renders.latency++
      return useConnection().latencyMs
    },
    { wrapper: Wrapper },
  )
  act(() => client.connect())
  await wait()
  const { status, latency } = renders
  vi.spyOn(performance, 'now').mockImplementation(() => Date.now() * Math.random())
  await wait(1_000)
  expect(renders.status).toBe(status)
  expect(renders.latency).toBeGreaterThan(latency)
})
