import { getConsumer, registerConsumer } from '@channels-binding/core'
import {
  Bind,
  ChannelsProvider,
  Delete,
  Form,
  Retrieve,
  Save,
  Search,
  useAutoBind,
  useBind,
  useConsumer,
  useDelete,
  useForm,
  useInstance,
  usePassiveBind,
  useRetrieve,
  useSave,
  useSearch,
} from '@channels-binding/core/react'
import { FakeServer } from '@channels-binding/core/testing'
import { act, render, screen } from '@testing-library/react'
import type { JSX } from 'react'
import { expect, it } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

/** The server of the first release's README: 102 users, and a stream of events. */
function readme(): FakeServer {
  const server = new FakeServer()
  const ids = [...Array.from({ length: 101 }, (_, index) => index + 1), 5763]
  server.bind('auth.User', {
    rows: ids.map(id => ({ id, username: id === 5763 ? 'Admin' : `user${id}`, email: `${id}@admin.com` })),
    fields: [{ name: 'username', type: 'CharField', widget: 'TextInput', label: 'Username' }],
  })
  server.handle('custom_stream.custom_event', ({ sender }, { dispatch, broadcast }) => {
    dispatch('custom_group_event', { msg: `dispatched from ${sender}` })
    broadcast('custom_all_event', { msg: `broadcast from ${sender}` })
    return { msg: `This a reflected response for ${sender}` }
  })
  return server
}

it.each(['', 'back1:'])(
  "has the first release's names, and what its README showed, of the stream %sauth.User",
  async name => {
    const { client, queryClient, wait } = stage()
    const server = readme()
    registerConsumer('back1', { ...server.options, transport: 'ws' })
    const main = name === '' ? getConsumer('back1') : client
    type Result = Readonly<Record<string, unknown>>
    const seen: Record<string, Result> = {}
    const told = (hook: string): Result => seen[hook] ?? {}
    const user = `${name}auth.User`
    const custom = `${name}custom_stream`
    const Page = (): JSX.Element => {
      Object.assign(seen, {
        consumer: useConsumer(name.slice(0, -1)),
        search: useSearch(user, { page: 2 }),
        raw: useAutoBind(`${user}.search`, { params: { page: 2, live: false } }),
        retrieve: useRetrieve(user, 5763),
        instance: useInstance(user, 1),
        form: useForm(user, { id: 5763 }),
        save: useSave(user),
        remove: useDelete(user),
        bound: useBind(`${custom}.custom_event`, { params: { sender: 'me!!!' } }),
        group: usePassiveBind(`${custom}.custom_group_event`),
        all: usePassiveBind(`${custom}.custom_all_event`),
      })
      return (
        <>
          <Search binding={user} params={{ limit: 1 }}>
            {({ count }) => <p>search {count}</p>}
          </Search>
          <Retrieve binding={user} id={5763}>
            {({ data }) => <p>retrieve {String(data?.username)}</p>}
          </Retrieve>
          <Form binding={user} id={5763}>
            {({ fields }) => <p>form {String(fields[0]?.value)}</p>}
          </Form>
          <Save binding={user}>{({ success, errors }) => <p>save {`${success} ${errors}`}</p>}</Save>
          <Delete binding={user}>{({ success }) => <p>delete {`${success}`}</p>}</Delete>
          <Bind event={`${custom}.custom_event`} params={{ sender: 'me!!!' }}>
            {({ data, fetching }) => <p>bind {`${(data as { msg?: string } | undefined)?.msg} ${fetching}`}</p>}
          </Bind>
        </>
      )
    }
    render(
      <ChannelsProvider client={main} queryClient={queryClient}>
        <Page />
      </ChannelsProvider>,
    )
    expect(seen.search).toMatchObject({ data: undefined, fetching: true, error: null })
    await wait(50)
    const { page, limit, count } = told('search').data as { page: number; limit: number; count: number }
    expect([page, limit, count, (told('search').rows as unknown[]).length]).toEqual([2, 25, 102, 25])
    expect(seen.raw).toMatchObject({ data: { page: 2, limit: 25, count: 102 }, fetching: false, error: null })
    expect(seen).toMatchObject({
      consumer: { isConnected: true },
      search: { fetching: false, refresh: expect.any(Function) },
      retrieve: { data: { id: 5763, username: 'Admin', email: '5763@admin.com' } },
      instance: { data: { username: 'user1' }, isDeleted: false },
      form: { fields: [{ value: 'Admin' }], object: { id: 5763 }, success: false },
      bound: { data: { msg: 'This a reflected response for me!!!' } },
      group: { data: { msg: 'dispatched from me!!!' } },
      all: { data: { msg: 'broadcast from me!!!' } },
    })
    await act(async () => {
      const submit = told('save').submit as (values: object) => Promise<unknown>
      void submit({ id: 5763, username: 'Changed Username' })
      void (told('remove').submit as (id: number) => Promise<unknown>)(1)
    })
    await wait(50)
    expect(seen).toMatchObject({
      save: { success: true, errors: null },
      remove: { success: true },
      retrieve: { data: { username: 'Changed Username' } },
      instance: { isDeleted: true, error: { code: 'gone' } },
      search: { data: { count: 101 } },
    })
    for (const text of [
      'search 101',
      'retrieve Changed Username',
      'form Changed Username',
      'save false null',
      'delete false',
    ])
      expect(screen.getByText(text)).toBeInTheDocument()
    expect(screen.getByText('bind This a reflected response for me!!! false')).toBeInTheDocument()
    await act(async () => void (await (told('search').refresh as () => Promise<unknown>)()))
    getConsumer('back1').close()
  },
)
