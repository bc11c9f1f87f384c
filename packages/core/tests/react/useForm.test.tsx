import { BindingError, ChannelsClient } from '@channels-binding/core'
import { useForm, usePending } from '@channels-binding/core/react'
import { type PendingWrite, type WriteStore, Writes } from '@channels-binding/core/writes'
import { act, renderHook } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { fakeClock } from '../helpers.js'
import { stage } from './stage.js'

fakeClock()

const FIELDS = [{ name: 'stock', type: 'IntegerField', widget: 'NumberInput', label: 'Stock', required: true }]

it('reads a form, submits it, and says what is wrong', async () => {
  const validate = (values: Readonly<Record<string, unknown>>): Record<string, { code: string; message: string }[]> =>
    Number(values.stock) < 0
      ? { stock: [{ code: 'min', message: 'Too few.' }], __all__: [{ code: 'x', message: 'Think.' }] }
      : {}
  const { server, Wrapper, wait } = stage({}, { fields: FIELDS, validate })
  const onSuccess = vi.fn()
  const { result } = renderHook(() => useForm('shop.Product', { id: 1, onSuccess }), { wrapper: Wrapper })
  expect(result.current).toMatchObject({ schema: undefined, fields: [], isPending: true, errors: null })
  await wait()
  expect(result.current).toMatchObject({ fields: [{ name: 'stock', value: 10 }], object: { id: 1 }, isPending: false })
  expect(server.requests('form')).toHaveLength(1)
  act(() => void result.current.submit({ stock: -1 }))
  await wait()
  expect(result.current).toMatchObject({
    errors: { stock: [{ message: 'Too few.' }] },
    formErrors: ['Think.'],
    success: false,
  })
  act(() => void result.current.submit({ stock: 5 }))
  await wait()
  expect(result.current).toMatchObject({ errors: null, formErrors: [], success: true, object: { stock: 5 } })
  expect(onSuccess).toHaveBeenCalledExactlyOnceWith({ id: 1, name: 'Apple', stock: 5 }, expect.anything())
})

it('takes over what others change in the row of a form', async () => {
  const { server, Wrapper, wait } = stage({}, { fields: FIELDS })
  const { result } = renderHook(() => useForm('shop.Product', { id: 1 }), { wrapper: Wrapper })
  await wait()
  server.update('shop.Product', 1, { stock: 44 })
  await wait() // React 18 draws the row at the end of an `act`, and only then is the form asked for again
  await wait()
  expect(result.current.fields[0]?.value).toBe(44)
  server.remove('shop.Product', 1)
  await wait()
  expect(result.current.isGone).toBe(true)
})

it('waits where it is not wanted yet, and asks again when told to', async () => {
  const { server, Wrapper, wait } = stage({}, { fields: FIELDS })
  const { result, rerender } = renderHook(({ enabled }) => useForm('shop.Product', { enabled }), {
    wrapper: Wrapper,
    initialProps: { enabled: false },
  })
  await wait()
  expect(server.requests('form')).toHaveLength(0)
  rerender({ enabled: true })
  await wait()
  expect(result.current).toMatchObject({ object: null, formsets: [], fields: [{ name: 'stock', value: null }] })
  act(() => void result.current.refresh())
  await wait()
  expect(server.requests('form')).toHaveLength(2)
})

it('rejects what fails for another reason, and forgets it when told to', async () => {
  const { server, Wrapper, wait } = stage({}, { fields: FIELDS })
  const { result } = renderHook(() => useForm('shop.Product', { id: 1, live: false }), { wrapper: Wrapper })
  await wait()
  const fields = { stock: [{ code: 'x', message: 'Locked.' }] }
  server.bends.fail = () => new BindingError('conflict', 'No.', { fields })
  let reason: unknown
  act(() => void result.current.submit({ stock: 1 }).catch(error => (reason = error)))
  await wait()
  expect(reason).toMatchObject({ code: 'conflict' })
  expect(result.current).toMatchObject({ submitError: { code: 'conflict' }, errors: fields, isSuccess: false })
  act(() => result.current.reset())
  await wait()
  expect(result.current).toMatchObject({ submitError: null, errors: null })
})

it('uploads the file of a field, and that of a formset, under their names', async () => {
  const fetch = vi.fn(
    async (_url: unknown, _init?: RequestInit) => new Response(JSON.stringify({ success: true, object: { id: 1 } })),
  )
  const file = { name: 'cover', type: 'ImageField', bases: ['FileField'], widget: 'FileInput', label: 'Cover' }
  const photo = { ...file, name: 'photo', type: 'MyFile' }
  const pages = { name: 'pages', stream: 'shop.Page', parent: 'product', fields: [{ ...photo, required: false }] }
  const fields = [{ ...file, required: false }]
  const { server, Wrapper, wait } = stage({ fetch: fetch as typeof globalThis.fetch }, { fields, formsets: [pages] })
  server.bind('shop.Page', {})
  const onSuccess = vi.fn()
  const { result } = renderHook(() => useForm('shop.Product', { onSuccess }), { wrapper: Wrapper })
  await wait()
  expect(result.current.formsets).toMatchObject([{ name: 'pages', forms: [] }])
  const picture = new File(['x'], 'x.png')
  act(() => void result.current.submit({ cover: null, pages: [{ photo: picture }] }))
  await wait()
  const body = fetch.mock.lastCall?.[1]?.body as FormData
  expect([...body].map(([name]) => name)).toEqual(['cover-clear', 'pages-0-photo'])
  expect(onSuccess.mock.calls[0]?.[0]).toEqual({ id: 1 })
})

it('shows the rows of a formset as they were saved', async () => {
  const line = { name: 'text', type: 'CharField', widget: 'TextInput', label: 'Text', required: true }
  const lines = { name: 'lines', stream: 'shop.Line', parent: 'product', fields: [line] }
  const { server, Wrapper, wait } = stage({}, { fields: FIELDS, formsets: [lines] })
  server.bind('shop.Line', {})
  const { result } = renderHook(() => useForm('shop.Product', { id: 1 }), { wrapper: Wrapper })
  await wait()
  act(() => void result.current.submit({ stock: 10, lines: [{ text: 'first' }] }))
  await wait()
  expect(result.current.formsets[0]?.forms).toMatchObject([{ id: 1, fields: [{ name: 'text', value: 'first' }] }])
})

it('submits once what is clicked twice', async () => {
  const { server, Wrapper, wait } = stage({}, { fields: FIELDS })
  const { result } = renderHook(() => useForm('shop.Product'), { wrapper: Wrapper })
  await wait()
  act(() => {
    for (let click = 0; click < 3; click++) void result.current.submit({ stock: 7 })
  })
  await wait()
  expect(server.rows('shop.Product')).toHaveLength(4)
  act(() => void result.current.submit({ stock: 7 }))
  await wait()
  expect(server.rows('shop.Product')).toHaveLength(5)
})

it('saves nothing over what others have written since it was shown, unless told to', async () => {
  const { server, Wrapper, wait } = stage({}, { fields: FIELDS })
  const { result } = renderHook(() => useForm('shop.Product', { id: 1 }), { wrapper: Wrapper })
  await wait()
  server.hold()
  act(() => void result.current.submit({ stock: 7 }).catch(() => undefined))
  await wait()
  server.update('shop.Product', 1, { stock: 5 })
  server.release()
  await wait()
  const { conflict } = result.current
  expect(conflict).toMatchObject({ mine: { stock: 7 }, theirs: { stock: 5 } })
  expect(server.rows('shop.Product')[0]).toMatchObject({ stock: 5 })
  act(() => void conflict?.keepMine())
  await wait()
  expect(result.current).toMatchObject({ conflict: null, isSuccess: true })
  for (const stock of [8, 9]) {
    act(() => void result.current.submit({ stock }))
    await wait()
  }
  expect(server.rows('shop.Product')[0]).toMatchObject({ stock: 9 })
})

it('keeps a submission while there is no connection, makes it once, and lets a reload take it over', async () => {
  const validate = (values: Readonly<Record<string, unknown>>): Record<string, { code: string; message: string }[]> =>
    Number(values.stock) < 0 ? { stock: [{ code: 'min', message: 'Too few.' }] } : {}
  const stored = new Map<string, PendingWrite>()
  const persist: WriteStore = {
    load: async () => [...stored.values()],
    put: async write => void stored.set(write.key, write),
    remove: async key => void stored.delete(key),
  }
  const { server, Wrapper, wait } = stage({ writes: { persist } }, { fields: FIELDS, validate })
  const useDesk = () => ({
    old: useForm('shop.Product', { id: 1 }),
    made: useForm('shop.Product'),
    pending: usePending(),
  })
  const { result, unmount } = renderHook(useDesk, { wrapper: Wrapper })
  await wait()
  server.bends.refuse = Number.POSITIVE_INFINITY
  server.close(4500)
  await wait()
  const outcomes: unknown[] = []
  const submit = (form: 'old' | 'made', stock: number): void =>
    act(() => void result.current[form].submit({ stock }).then(reply => outcomes.push(reply.success)))
  submit('old', 7)
  submit('made', -1)
  await wait(60_000)
  expect(result.current).toMatchObject({
    old: { isWaiting: true, isSubmitting: true, submitError: null },
    made: { isWaiting: true },
    pending: {
      writes: [
        { action: 'form', id: 1, values: { stock: 7 } },
        { action: 'form', id: null },
      ],
    },
  })
  expect([...stored.keys()]).toHaveLength(2)
  server.bends.refuse = 0
  await wait(20_000)
  expect(outcomes).toEqual([true, false])
  expect(server.rows('shop.Product').map(row => row.stock)).toEqual([7, 20, 30])
  expect(result.current).toMatchObject({
    old: { isWaiting: false, isSuccess: true },
    made: { errors: { stock: [{}] } },
  })
  const [refused] = result.current.pending.writes
  expect(refused).toMatchObject({
    action: 'form',
    state: 'refused',
    error: { code: 'invalid', fields: { stock: [{}] } },
  })
  const forms = server.requests('form').filter(({ data }) => 'submit' in (data as object))
  expect(forms.map(({ key, data }) => [key !== undefined, data])).toEqual([
    [true, { id: 1, submit: { stock: 7 } }],
    [true, { submit: { stock: -1 } }],
  ])
  act(() => result.current.pending.drop(refused?.key ?? ''))
  server.bends.refuse = Number.POSITIVE_INFINITY
  server.close(4500)
  await wait()
  submit('made', 5)
  await wait()
  unmount() // the page is left before the connection is back
  const again = new ChannelsClient({ ...server.options, transport: 'ws', writes: { persist } })
  Writes.of(again)
  server.bends.refuse = 0
  await wait(20_000)
  expect(server.rows('shop.Product').filter(row => row.stock === 5)).toHaveLength(1)
  expect(stored.size).toBe(0)
  again.close()
})
