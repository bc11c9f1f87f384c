import {
  Bind,
  Delete,
  Form,
  List,
  Retrieve,
  Save,
  Search,
  useAutoBind,
  useDebouncedState,
  useInstance,
} from '@channels-binding/core/react'
import { act, render, renderHook, screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

it('draws what the hooks return', async () => {
  const { server, Wrapper, wait } = stage(
    {},
    { fields: [{ name: 'name', type: 'CharField', widget: 'TextInput', label: 'Name' }] },
  )
  server.handle('game.life.status', () => ({ life: 9 }))
  render(
    <>
      <Search binding="shop.Product" params={{ limit: 1 }}>
        {({ count, rows }) => <p>{`search ${rows.length} of ${count}`}</p>}
      </Search>
      <List binding="shop.Product">{({ count }) => <p>{`list ${count}`}</p>}</List>
      <Retrieve binding="shop.Product" id={1}>
        {({ data }) => <p>{`row ${data?.name}`}</p>}
      </Retrieve>
      <Form binding="shop.Product" id={2}>
        {({ fields }) => <p>{`form ${fields[0]?.value}`}</p>}
      </Form>
      <Save binding="shop.Product">
        {({ submit }) => (
          <button type="button" onClick={() => void submit({ id: 1, name: 'Pear' })}>
            save
          </button>
        )}
      </Save>
      <Delete binding="shop.Product">
        {({ submit }) => (
          <button type="button" onClick={() => void submit(3)}>
            delete
          </button>
        )}
      </Delete>
      <Bind event="game.life.status">
        {({ data }) => <p>{`life ${(data as { life?: number } | undefined)?.life}`}</p>}
      </Bind>
    </>,
    { wrapper: Wrapper },
  )
  await wait()
  for (const name of ['save', 'delete']) act(() => screen.getByRole('button', { name }).click())
  await wait()
  for (const text of ['search 1 of 2', 'list 2', 'row Pear', 'form Banana', 'life 9'])
    expect(screen.getByText(text)).toBeInTheDocument()
})

it('has a row with what can be done with it', async () => {
  const { server, Wrapper, wait } = stage()
  const { result } = renderHook(() => useInstance('shop.Product', 1), { wrapper: Wrapper })
  await wait()
  act(() => void result.current.save({ stock: 5 }))
  await wait()
  expect(result.current).toMatchObject({ data: { stock: 5 }, isDeleted: false, saving: { isSuccess: true } })
  act(() => void result.current.remove())
  await wait()
  expect(result.current).toMatchObject({ isDeleted: true, removing: { isSuccess: true } })
  expect(server.rows('shop.Product')).toHaveLength(2)
})

it('binds at once, and settles', async () => {
  const { server, Wrapper, wait } = stage()
  server.handle('game.life.status', () => ({ life: 9 }))
  const { result } = renderHook(() => [useAutoBind('game.life.status'), useDebouncedState('a', 100)] as const, {
    wrapper: Wrapper,
  })
  act(() => result.current[1][1]('b'))
  await wait()
  expect(result.current[0].data).toEqual({ life: 9 })
  expect(result.current[1]).toMatchObject({ 0: 'b', 2: 'a' })
  await wait(100)
  expect(result.current[1][2]).toBe('b')
})
