import { afterEach, expect, it, vi } from 'vitest'
import { csrfToken } from '../src/files.js'
import { formDataOf } from '../src/upload.js'
import { world } from './helpers.js'

afterEach(() => {
  vi.unstubAllGlobals()
})

const file = new File(['x'], 'x.txt')
const answer = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status })

type Fetched = Parameters<typeof globalThis.fetch>
const isHello = ([url]: Fetched): boolean => String(url).endsWith('hello/')
/** How the uploads were made, without the hello before each. */
const posts = ({ mock }: { mock: { calls: Fetched[] } }): Fetched[] => mock.calls.filter(call => !isHello(call))

it('submits a form that holds a file by HTTP, with the CSRF token', async () => {
  vi.stubGlobal('document', { cookie: 'a=b; csrftoken=t%2Bk; c=d' })
  const fetch = vi.fn(async (..._args: Parameters<typeof globalThis.fetch>) => answer({ success: true, fields: [] }))
  const { client, server } = world({ fetch, apiUrl: '/base/' })
  const reply = await client.submitForm('shop.Product', { name: 'A', picture: file }, { id: 7, files: ['picture'] })
  expect(reply).toMatchObject({ success: true })
  const [url, init = {}] = posts(fetch)[0] ?? []
  expect(url).toBe('/base/shop.Product/7/form/')
  expect(init).toMatchObject({ method: 'POST', credentials: 'same-origin', headers: { 'X-CSRFToken': 't+k' } })
  expect([...(init.body as FormData)].map(([name]) => name)).toEqual(['name', 'picture'])
  await client.submitForm('shop.Product', { picture: file }, { files: ['picture'] })
  expect(posts(fetch)[1]?.[0]).toBe('/base/shop.Product/form/')
  expect(server.received).toEqual([])
})

it('rejects an upload with what the server says', async () => {
  const { client } = world({
    fetch: async () => answer({ code: 'too_large', status: 413, message: 'Too large.' }, 413),
  })
  await expect(client.submitForm('shop.Product', { picture: file })).rejects.toMatchObject({ code: 'too_large' })
})

it('rejects an upload that reaches nobody', async () => {
  const { client } = world({ fetch: () => Promise.reject(new TypeError('failed to fetch')) })
  await expect(client.submitForm('shop.Product', { picture: file })).rejects.toMatchObject({ code: 'unavailable' })
})

it('takes the word of a proxy for what it means', async () => {
  const { client } = world({ fetch: async () => new Response('<h1>Bad gateway</h1>', { status: 502 }) })
  const sent = client.submitForm('shop.Product', { picture: file })
  await expect(sent).rejects.toMatchObject({ code: 'unavailable', status: 502, retry: true })
})

it('takes a form that does not validate as a reply, as on the socket', async () => {
  const reply = {
    success: false,
    fields: [],
    object: null,
    errors: { name: [{ code: 'required', message: 'Missing.' }] },
  }
  const { client } = world({ fetch: async () => answer(reply, 400) })
  await expect(client.submitForm('shop.Product', { picture: file })).resolves.toEqual(reply)
})

it('keeps a file and gives what stands for it', async () => {
  const fetch = vi.fn(async (..._args: Parameters<typeof globalThis.fetch>) =>
    answer({ token: 't1', seconds: 60 }, 201),
  )
  const { client } = world({ fetch, apiUrl: '/base/' })
  await expect(client.upload(file)).resolves.toEqual({ $file: 't1' })
  const [url, init = {}] = posts(fetch)[0] ?? []
  expect(url).toBe('/base/upload/')
  expect((init.body as FormData).get('file')).toBeInstanceOf(File)
  const refused = world({ fetch: async () => answer({ code: 'too_large', status: 413, message: 'Too large.' }, 413) })
  await expect(refused.client.upload(file)).rejects.toMatchObject({ code: 'too_large' })
})

/** Says hello to a token with one word before it, and takes what comes with it. */
const knowing = (authorization: string) =>
  vi.fn(async (...[, init]: Parameters<typeof globalThis.fetch>) =>
    new Headers(init?.headers).get('Authorization') === authorization
      ? answer({ token: 't1', csrf: null }, 201)
      : answer({ code: 'unauthenticated', status: 401, message: 'No.' }, 401),
  )

it.each(['Bearer', 'Token'])(
  'brings the token that says who this is, after the word %s that the server knows',
  async word => {
    const fetch = knowing(`${word} secret`)
    const { client } = world({ fetch, token: async () => 'secret' })
    await expect(client.upload(file)).resolves.toEqual({ $file: 't1' })
    await expect(client.submitForm('shop.Product', { picture: file })).resolves.toMatchObject({ token: 't1' })
  },
)

it('finds the token for CSRF in the hello of another host, and has the cookies sent there', async () => {
  vi.stubGlobal('document', { cookie: 'csrftoken=of-this-host' })
  const fetch = vi.fn(async (...[url]: Parameters<typeof globalThis.fetch>) =>
    answer(String(url).endsWith('hello/') ? { csrf: 'of-that-host' } : { token: 't1' }),
  )
  const { client } = world({ fetch, credentials: 'include', apiUrl: 'https://api.example.com/' })
  await client.upload(file)
  expect(fetch.mock.calls.map(([, init]) => init?.credentials)).toEqual(['include', 'include'])
  expect(fetch.mock.calls[1]?.[1]?.headers).toMatchObject({ 'X-CSRFToken': 'of-that-host' })
})

it('finds the token for CSRF in the hello where the server keeps it in the session', async () => {
  const fetch = vi.fn(async (...[url, init]: Parameters<typeof globalThis.fetch>) => {
    if (String(url).endsWith('hello/')) return answer({ csrf: 'of-the-session' })
    const isIn = new Headers(init?.headers).get('X-CSRFToken') === 'of-the-session'
    return isIn ? answer({ token: 't1' }, 201) : answer({ code: 'forbidden', status: 403, message: 'CSRF Failed' }, 403)
  })
  await expect(world({ fetch }).client.upload(file)).resolves.toEqual({ $file: 't1' })
})

it('uploads for the user of the page alone, where another has signed in since, in another tab', async () => {
  vi.stubGlobal('document', { cookie: 'csrftoken=of-ben' })
  let user = '1'
  const fetch = vi.fn(async (...call: Fetched) =>
    isHello(call) ? answer({ user, csrf: `of-${user}` }) : answer({ token: 't1', success: true }, 201),
  )
  const { client, server } = world({ fetch })
  server.hello = { ...server.hello, user }
  client.connect()
  await vi.waitFor(() => expect(client.isKnown).toBe(true))
  await client.upload(file)
  expect(posts(fetch).map(([, init]) => new Headers(init?.headers).get('X-CSRFToken'))).toEqual(['of-1'])
  user = '2'
  const refused = { code: 'unauthenticated', status: 401 }
  await expect(client.upload(file)).rejects.toMatchObject(refused)
  await expect(client.submitForm('shop.Product', { picture: file })).rejects.toMatchObject(refused)
  expect(posts(fetch)).toHaveLength(1)
})

it('uploads where there is no hello, with the cookie of the page', async () => {
  vi.stubGlobal('document', { cookie: 'csrftoken=of-the-page' })
  const fetch = vi.fn(async (...call: Fetched) => (isHello(call) ? answer({}, 404) : answer({ token: 't1' }, 201)))
  const { client, server } = world({ fetch })
  server.hello = { ...server.hello, user: '1' }
  client.connect()
  await vi.waitFor(() => expect(client.isKnown).toBe(true))
  await expect(client.upload(file)).resolves.toEqual({ $file: 't1' })
  expect(posts(fetch)[0]?.[1]?.headers).toMatchObject({ 'X-CSRFToken': 'of-the-page' })
})

it('writes values as Django reads them', () => {
  const values = {
    tags: [1, 2],
    json: { a: 1 },
    none: null,
    kept: undefined,
    on: true,
    doc: null,
    old: 'x.pdf',
    pic: file,
  }
  const data = formDataOf(values, ['doc', 'old', 'pic'])
  expect([...data].map(([name, value]) => [name, value instanceof Blob ? 'file' : value])).toEqual([
    ['tags', '1'],
    ['tags', '2'],
    ['json', '{"a":1}'],
    ['none', ''],
    ['on', 'true'],
    ['doc-clear', 'on'],
    ['pic', 'file'],
  ])
})

it('has no token where there is no cookie', () => {
  expect(csrfToken()).toBeNull()
})

it('names the rows of formsets as Django does, and finds the files in them', async () => {
  const rows = [
    { id: 3, title: 'changed', cover: null },
    { id: 4, DELETE: true },
    { title: 'added', cover: file, tags: [] },
  ]
  const data = formDataOf({ title: 'x', chapters: rows, none: [] }, ['chapters.cover'], ['chapters', 'none'])
  expect([...data].map(([name, value]) => [name, value instanceof Blob ? 'file' : value])).toEqual([
    ['title', 'x'],
    ['chapters-0-id', '3'],
    ['chapters-0-title', 'changed'],
    ['chapters-0-cover-clear', 'on'],
    ['chapters-1-id', '4'],
    ['chapters-1-DELETE', 'true'],
    ['chapters-2-title', 'added'],
    ['chapters-2-cover', 'file'],
    ['chapters-2-tags', ''],
  ])
  const fetch = vi.fn(async (..._args: Parameters<typeof globalThis.fetch>) => answer({ success: true, fields: [] }))
  const { client, server } = world({ fetch })
  await client.submitForm('shop.Product', { chapters: rows }, { files: ['chapters.cover'], formsets: ['chapters'] })
  const [, init = {}] = posts(fetch)[0] ?? []
  expect((init.body as FormData).get('chapters-2-cover')).toBeInstanceOf(File)
  expect(server.received).toEqual([])
})

it('sends the version that was seen with the files, so that nothing is saved over what others have saved', async () => {
  const fetch = vi.fn(async (..._args: Parameters<typeof globalThis.fetch>) => answer({ success: true, fields: [] }))
  const { client } = world({ fetch })
  await client.submitForm('shop.Product', { picture: file }, { id: 7, files: ['picture'] }, { ifVersion: 'a1' })
  expect(posts(fetch)[0]?.[1]?.headers).toMatchObject({ 'If-Match': '"a1"' })
})

it('tells how much has been sent, where the browser can', async () => {
  class Request {
    static last: Request
    readonly upload: { onprogress?: (event: object) => void } = {}
    readonly headers: Record<string, string> = {}
    responseText = '{"success": true, "fields": []}'
    status = 200
    statusText = 'OK'
    onload = (): void => undefined
    onloadend = (): void => undefined
    onerror = (): void => undefined
    isAborted = false
    constructor() {
      Request.last = this
    }
    open(): void {}
    abort(): void {
      this.isAborted = true
    }
    setRequestHeader(name: string, value: string): void {
      this.headers[name] = value
    }
    send(): void {}
  }
  vi.stubGlobal('XMLHttpRequest', Request)
  vi.stubGlobal('fetch', async () => answer({ user: '1' }))
  const { client } = world({ fetch: undefined } as never)
  const seen: number[] = []
  const options = { ifVersion: 'a1', onProgress: (sent: number) => void seen.push(sent) }
  const submit = (signal?: AbortSignal): Promise<unknown> =>
    client.submitForm(
      'shop.Product',
      { picture: file },
      { files: ['picture'] },
      { ...options, ...(signal && { signal }) },
    )
  const reply = submit()
  await vi.waitFor(() => expect(Request.last?.upload.onprogress).toBeDefined())
  Request.last.upload.onprogress?.({ loaded: 1, total: 4 })
  Request.last.onload()
  Request.last.onloadend()
  await expect(reply).resolves.toMatchObject({ success: true })
  expect(seen).toEqual([0.25])
  expect(Request.last.headers).toMatchObject({ 'If-Match': '"a1"', Accept: 'application/json' })
  const lost = submit()
  const before = Request.last
  await vi.waitFor(() => expect(Request.last).not.toBe(before))
  Request.last.onerror()
  await expect(lost).rejects.toMatchObject({ code: 'unavailable' })
  const given = new AbortController()
  const aborted = submit(given.signal)
  const last = Request.last
  await vi.waitFor(() => expect(Request.last).not.toBe(last))
  given.abort()
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
  expect(Request.last.isAborted).toBe(true)
})
