import { BindingError } from '@channels-binding/core'
import { useBind, usePassiveBind } from '@channels-binding/core/react'
import { act, renderHook } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

it('sends an event once under StrictMode and holds what comes', async () => {
  const { server, Wrapper, wait } = stage()
  const eaten = vi.fn((data: unknown) => ({ life: 5, data }))
  server.handle('game.hunger.sos', eaten)
  const onEvent = vi.fn()
  const { result } = renderHook(() => useBind('game.hunger.sos', { params: { now: true }, onEvent }), {
    wrapper: Wrapper,
  })
  await wait()
  expect(eaten).toHaveBeenCalledOnce()
  expect(result.current).toMatchObject({ data: { life: 5, data: { now: true } }, isPending: false, error: null })
  server.dispatch('game.hunger.sos', { life: 4 })
  await wait()
  expect(result.current.data).toEqual({ life: 4 })
  expect(onEvent).toHaveBeenLastCalledWith({ life: 4 })
  await act(async () => void (await result.current.send({ now: false })))
  await wait()
  expect(result.current.data).toEqual({ life: 5, data: { now: false } })
  server.close(4500)
  await wait(250)
  server.dispatch('game.hunger.sos', { life: 3 })
  await wait()
  expect(result.current.data).toEqual({ life: 3 })
})

it('only listens where it is passive', async () => {
  const { server, Wrapper, wait } = stage()
  const { result, unmount } = renderHook(() => usePassiveBind('game.hunger.sos'), { wrapper: Wrapper })
  await wait()
  expect(server.requests('sos')).toHaveLength(0)
  server.dispatch('game.hunger.sos', { life: 2 })
  await wait()
  expect(result.current.data).toEqual({ life: 2 })
  unmount()
  await wait()
  expect(server.requests('unsubscribe')).toHaveLength(1)
})

it('says what went wrong, and sends the first params again', async () => {
  const { server, Wrapper, wait } = stage()
  server.handle('game.hunger.sos', () => {
    throw new BindingError('conflict', 'Not now.')
  })
  const { result } = renderHook(() => useBind('game.hunger.sos', { subscribe: false }), { wrapper: Wrapper })
  await wait()
  expect(result.current).toMatchObject({ isError: true, error: { code: 'conflict' }, data: undefined })
  server.handle('game.hunger.sos', () => ({ life: 9 }))
  act(() => void result.current.refresh())
  await wait()
  expect(result.current).toMatchObject({ isError: false, data: { life: 9 } })
  expect(server.requests('subscribe')).toHaveLength(0)
})

it('says of what is sent that it is under way, and why it was refused', async () => {
  const { server, Wrapper, wait } = stage()
  server.handle('game.hunger.sos', () => {
    throw new BindingError('conflict', 'Not now.')
  })
  const { result } = renderHook(() => useBind('game.hunger.sos', { passive: true }), { wrapper: Wrapper })
  await wait()
  expect(result.current).toMatchObject({ isFetching: false, fetching: false, isError: false, error: null })
  const refused = vi.fn()
  act(() => void result.current.send({ now: true }).catch(refused))
  expect(result.current).toMatchObject({ isFetching: true, fetching: true, error: null })
  await wait()
  expect(refused).toHaveBeenCalledOnce()
  expect(result.current).toMatchObject({ isFetching: false, isError: true, error: { code: 'conflict' } })
  server.handle('game.hunger.sos', () => ({ life: 9 }))
  act(() => void result.current.send({ now: true }))
  expect(result.current).toMatchObject({ isFetching: true, isError: false, error: null })
  await wait()
  expect(result.current).toMatchObject({ isFetching: false, error: null, data: { life: 9 } })
})

it('keeps what is under way of one event apart from another', async () => {
  const { server, Wrapper, wait } = stage()
  server.handle('game.hunger.sos', () => {
    throw new BindingError('conflict', 'Not now.')
  })
  const { result, rerender } = renderHook(({ event }) => useBind(event, { passive: true }), {
    wrapper: Wrapper,
    initialProps: { event: 'game.hunger.sos' },
  })
  await wait()
  act(() => void result.current.send({}).catch(() => undefined))
  await wait()
  expect(result.current.isError).toBe(true)
  rerender({ event: 'game.hunger.eat' })
  await wait()
  expect(result.current).toMatchObject({ isFetching: false, isError: false, error: null })
})
