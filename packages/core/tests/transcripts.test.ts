import { readdirSync, readFileSync } from 'node:fs'
import {
  type BatchOperation,
  ChannelsClient,
  type Message,
  type Request,
  type SocketLike,
} from '@channels-binding/core'
import { PresenceRoom } from '@channels-binding/core/presence'
import { FakeServer, type Peer } from '@channels-binding/core/testing'
import { expect, it } from 'vitest'
import { socketClass } from '../src/testing/socket.js'
import { fakeClock, settle } from './helpers.js'

fakeClock()

interface Step {
  readonly connection?: string
  readonly send?: Request
  readonly receive?: Message
  readonly close?: number
}

interface Transcript {
  readonly fixture: {
    readonly notes: { id: number; title: string; rank: number }[]
    readonly novels: { id: number; title: string; chapters: { id: number; title: string }[] }[]
    readonly tokens?: Readonly<Record<string, string>>
  }
  readonly steps: readonly Step[]
}

const load = (name: string): Transcript =>
  JSON.parse(readFileSync(new URL(`../../../spec/transcripts/${name}.json`, import.meta.url), 'utf8'))

const PLACEHOLDERS: Record<string, (value: unknown) => boolean> = {
  '<int>': value => Number.isInteger(value),
  '<string>': value => typeof value === 'string',
  '<etag>': value => /^[0-9a-f]{12}$/.test(String(value)),
  '<crc>': value => /^[0-9a-f]{8}$/.test(String(value)),
  '<datetime>': value => /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(String(value)),
  '<any>': value => value !== undefined,
}

/** Compares as the transcripts' README says, order of keys included. */
function matches(expected: unknown, value: unknown): boolean {
  if (typeof expected === 'string' && PLACEHOLDERS[expected]) return PLACEHOLDERS[expected](value)
  if (typeof expected !== 'object' || expected === null) return expected === value
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(expected))
    return (
      Array.isArray(value) && value.length === expected.length && expected.every((item, i) => matches(item, value[i]))
    )
  const { '<rest>': rest, ...named } = expected as Record<string, unknown>
  const names = Object.keys(value).filter(name => !rest || name in named)
  const entries = Object.entries(named)
  return (
    names.join() === Object.keys(named).join() &&
    entries.every(([name, part]) => matches(part, (value as Record<string, unknown>)[name]))
  )
}

it('speaks the recorded conversation of a live list, word for word, and so does the fake server', async () => {
  const { fixture, steps } = load('live-search')
  const server = new FakeServer()
  server.bind('zoo.Note', { rows: fixture.notes })
  const client = new ChannelsClient({ url: 'ws://fake/', WebSocket: server.WebSocket, heartbeat: false })
  client.connect()
  await settle()
  const [hello, search, ...others] = steps
  const read = client.live('zoo.Note', 'search', search?.send ? (steps[1]?.send?.data as object) : {})
  await settle()
  for (const { send } of others) {
    if (!send) continue
    const { id, ...values } = send.data as { id: number }
    if (send.event.endsWith('.delete')) void client.delete('zoo.Note', id)
    else void client.update('zoo.Note', id, values)
    await settle()
  }
  const sent = steps.flatMap(step => step.send ?? [])
  const received = steps.flatMap(step => step.receive ?? [])
  const frames = server.sent.map(text => JSON.parse(text))
  expect(server.received).toEqual(sent)
  expect(frames).toHaveLength(received.length)
  for (const [index, message] of received.entries())
    expect(matches(message, frames[index]), JSON.stringify(frames[index])).toBe(true)
  expect(hello).toBeDefined()
  const { data } = read.getSnapshot()
  const { rows, count, order } = await client.search('zoo.Note', search?.send?.data as object)
  expect(data).toMatchObject({ rows, count, order })
  expect(client.stats.divergences).toBe(0)
})

it('has a fake server that answers by places and without a count as recorded', () => {
  const { fixture, steps } = load('keyset')
  const server = new FakeServer()
  server.bind('zoo.Note', { rows: fixture.notes })
  const received: unknown[] = []
  const peer: Peer = { send: text => received.push(JSON.parse(text)), close: () => undefined }
  const connection = server.accept(peer, ['cb.1.json'])
  for (const { send, receive } of steps) {
    if (send) connection?.receive(JSON.stringify(send))
    else expect(matches(receive, received.shift()), JSON.stringify(receive)).toBe(true)
  }
  expect(received).toEqual([])
})

it('has a fake server that measures by groups as recorded, and a client that follows', async () => {
  const { fixture, steps } = load('aggregate')
  const server = new FakeServer()
  const rows = fixture.notes.map(note => ({ done: false, weight: null, ...note }))
  server.bind('zoo.Note', { rows, aggregates: { measures: { rank: ['sum'], weight: ['sum'] }, by: ['done'] } })
  const received: unknown[] = []
  const peer: Peer = { send: text => received.push(JSON.parse(text)), close: () => undefined }
  const connection = server.accept(peer, ['cb.1.json'])
  const client = new ChannelsClient({ url: 'ws://fake/', WebSocket: server.WebSocket, heartbeat: false })
  const asked = { measures: ['count', 'sum:rank', 'sum:weight'], by: ['done'], order: '-count' } as const
  const live = client.live('zoo.Note', 'aggregate', asked)
  await settle()
  for (const { send, receive } of steps) {
    if (send) connection?.receive(JSON.stringify(send))
    else expect(matches(receive, received.shift()), JSON.stringify(receive)).toBe(true)
  }
  await settle()
  const { rows: fresh } = await client.aggregate('zoo.Note', asked)
  expect(live.getSnapshot().data?.rows).toEqual(fresh)
  expect(live.getSnapshot().data).toMatchObject({ count: 1, truncated: false, rows: [{ count: 2, 'sum:rank': 26 }] })
  await expect(client.aggregate('zoo.Note', { measures: ['sum:secret'] })).rejects.toMatchObject({ code: 'invalid' })
  expect([client.stats.divergences, received]).toEqual([0, []])
})

it('has a fake server that puts related rows into rows as recorded', () => {
  const { fixture, steps } = load('expand')
  const server = new FakeServer()
  server.bind('auth.User')
  server.bind('zoo.Note', {
    rows: fixture.notes,
    expandable: { owner: { stream: 'auth.User', key: 'owner' }, note_set: { stream: 'zoo.Note', by: 'parent' } },
  })
  const received: unknown[] = []
  const peer: Peer = { send: text => received.push(JSON.parse(text)), close: () => undefined }
  const connection = server.accept(peer, ['cb.1.json'])
  for (const { send, receive } of steps) {
    if (send) connection?.receive(JSON.stringify(send))
    else expect(matches(receive, received.shift()), JSON.stringify(receive)).toBe(true)
  }
  expect(received).toEqual([])
})

it('has a fake server that takes rows beside a form as recorded', async () => {
  const { fixture, steps } = load('formset')
  const title = { name: 'title', type: 'CharField', widget: 'TextInput', label: 'Title', required: true }
  const tooLong = { title: [{ code: 'max_length', message: 'Too long.' }] }
  const missing = { title: [{ code: 'required', message: 'Missing.' }] }
  const chapters = fixture.novels.flatMap(novel => novel.chapters.map(chapter => ({ ...chapter, novel: novel.id })))
  const server = new FakeServer()
  server.bind('zoo.Chapter', { rows: chapters })
  server.bind('zoo.Serial', {
    rows: fixture.novels.map(({ id, title }) => ({ id, title })),
    fields: [title],
    formsets: [
      {
        name: 'chapters',
        row_label: 'chapter',
        stream: 'zoo.Chapter',
        parent: 'novel',
        fields: [title],
        max: 4,
        validate: ({ title }) => (title === '' ? missing : String(title).length > 40 ? tooLong : {}),
      },
    ],
  })
  const received: unknown[] = []
  const peer: Peer = { send: text => received.push(JSON.parse(text)), close: () => undefined }
  const connection = server.accept(peer, ['cb.1.json'])
  for (const { send, receive } of steps) {
    if (send) connection?.receive(JSON.stringify(send))
    else expect(matches(receive, received.shift()), JSON.stringify(receive)).toBe(true)
  }
  expect(received).toEqual([])
  expect(server.rows('zoo.Chapter').map(({ novel, title }) => [novel, title])).toEqual([
    [7, 'first'],
    [7, 'third'],
  ])
})

it('tells a message that differs from a recorded one', () => {
  expect(matches({ a: '<int>', b: 1 }, { a: 1, b: 1 })).toBe(true)
  expect(matches({ a: '<int>', b: 1 }, { b: 1, a: 1 })).toBe(false)
  expect(matches({ a: '<int>' }, { a: 'x' })).toBe(false)
  expect(matches({ a: 1, '<rest>': true }, { z: 1, a: 1 })).toBe(true)
  expect(matches([1, 2], [1])).toBe(false)
})

/** A value in the place of each placeholder. */
function filledIn(value: unknown): unknown {
  if (Array.isArray(value)) return value[0] === '<each>' ? [filledIn(value[1])] : value.map(filledIn)
  if (typeof value === 'string') return value === '<int>' ? 7 : value === '<string>' ? 'text' : value
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([name]) => name !== '<rest>')
  return Object.fromEntries(entries.map(([name, part]) => [name, filledIn(part)]))
}

it.each(['seed-search', 'seed-update', 'seed-custom-stream'])('understands the recorded %s', async name => {
  const { steps } = load(name)
  const peers: Peer[] = []
  const WebSocket = socketClass((peer, protocols) => {
    expect(protocols).toEqual([])
    peers.push(peer)
    return { receive: () => undefined, closed: () => undefined }
  })
  for (const connection of ['a', 'b']) {
    const client = new ChannelsClient({ url: 'ws://fake/', WebSocket, subprotocol: null })
    const mine = steps.filter(step => (step.connection ?? 'a') === connection).flatMap(step => step.receive ?? [])
    const heard: unknown[] = []
    for (const event of new Set(mine.map(message => message.event))) client.on(event, data => heard.push(data))
    await settle()
    const messages = mine.map(filledIn) as Message[]
    for (const message of messages) peers.at(-1)?.send(JSON.stringify(message))
    await settle()
    expect(heard).toEqual(messages.map(message => message.data))
  }
})

it('keeps reads live with a server that only knows {event, data}', async () => {
  const server = new FakeServer()
  server.bind('zoo.Note', { rows: load('live-search').fixture.notes })
  const client = new ChannelsClient({ url: 'ws://fake/', WebSocket: server.WebSocket, subprotocol: null })
  const list = client.live('zoo.Note', 'search', { order: 'rank' })
  const row = client.live('zoo.Note', 'retrieve', { id: 1 })
  await settle()
  await client.update('zoo.Note', 1, { title: 'ONE' })
  await settle()
  expect(list.getSnapshot().data?.rows[0]).toMatchObject({ title: 'ONE' })
  const before = list.getSnapshot().data?.count ?? 0
  expect(row.getSnapshot()).toMatchObject({ status: 'success', data: { title: 'ONE' } })
  server.remove('zoo.Note', 1)
  await settle()
  expect(row.getSnapshot().status).toBe('gone')
  expect(list.getSnapshot().data?.count).toBe(before - 1)
  expect(server.frames.every(frame => !frame.startsWith('['))).toBe(true)
  expect(client.stats.divergences).toBe(0)
})

/** One connection of a transcript: what the client sends goes to the server, and what comes back is kept. */
class Line {
  readonly arrived: unknown[] = []
  closedWith: number | null = null
  readonly #socket: SocketLike

  constructor(server: FakeServer) {
    this.#socket = new server.WebSocket('ws://fake/', ['cb.1.json'])
    this.#socket.addEventListener('message', event => void this.arrived.push(JSON.parse(String(event.data))))
    this.#socket.addEventListener('close', event => {
      this.closedWith = event.code ?? null
    })
  }

  send(frame: unknown): void {
    this.#socket.send(JSON.stringify(frame))
  }
}

it('is told who it talks to as recorded, word for word, by the fake server', async () => {
  const { fixture, steps } = load('cb-auth')
  const server = new FakeServer()
  server.users = fixture.tokens ?? null
  server.bind('zoo.Note', { rows: fixture.notes })
  const lines = new Map<string, Line>()
  for (const { connection = 'a', send, receive, close } of steps) {
    const line = lines.get(connection) ?? new Line(server)
    lines.set(connection, line)
    await settle()
    if (send) line.send(send)
    await settle()
    if (receive) expect(matches(receive, line.arrived.shift()), JSON.stringify(receive)).toBe(true)
    if (close) expect(line.closedWith).toBe(close)
  }
  expect([...lines.values()].flatMap(line => line.arrived)).toEqual([])
})

it('says who it is and says it anew as recorded, and keeps what it shows', async () => {
  const { fixture, steps } = load('cb-auth')
  const mine = steps.filter(step => (step.connection ?? 'a') === 'a').slice(2) // it never calls before it is somebody
  const server = new FakeServer()
  server.users = fixture.tokens ?? null
  server.bind('zoo.Note', { rows: fixture.notes })
  const client = new ChannelsClient({
    url: 'ws://fake/',
    WebSocket: server.WebSocket,
    heartbeat: false,
    token: 'tok-ann',
  })
  const list = client.live('zoo.Note', 'search', { order: 'rank', fields: ['title'] })
  await settle()
  await client.auth('tok-bob')
  await client.update('zoo.Note', 1, { title: 'ONE' })
  await expect(client.auth('wrong')).rejects.toMatchObject({ code: 'unauthenticated' })
  await client.update('zoo.Note', 1, { title: 'one' })
  await settle()
  const asSaid = ({ event, data }: Request): unknown => [event.replace(/#.*/, ''), data]
  expect(server.received.map(asSaid)).toEqual(mine.flatMap(step => (step.send ? [asSaid(step.send)] : [])))
  expect(list.getSnapshot().data?.rows).toMatchObject([{ id: 1, title: 'one' }])
  expect(client.getState()).toMatchObject({ status: 'open', user: 'bob' })
})

it('is unauthorized where the recorded server closes on a wrong token', async () => {
  const { steps } = load('cb-auth')
  const other = steps.filter(step => step.connection === 'b')
  const WebSocket = socketClass(peer => ({
    receive: () => {
      for (const { receive, close } of other) {
        if (receive) peer.send(JSON.stringify(filledIn(receive)))
        if (close) peer.close(close)
      }
    },
    closed: () => undefined,
  }))
  const client = new ChannelsClient({ url: 'ws://fake/', WebSocket, token: 'wrong', heartbeat: false })
  client.connect()
  await settle()
  expect(client.getState()).toMatchObject({ status: 'unauthorized', lastError: { code: 'unauthenticated' } })
})

it('is told as recorded that what its user may do has changed, asks anew what it may, and goes on', async () => {
  const { steps } = load('cb-user')
  const mine = steps.filter(step => (step.connection ?? 'a') === 'a')
  const said = mine.flatMap(step => (step.receive ? [filledIn(step.receive) as unknown as Message] : []))
  const sent: Request[] = []
  let push: (text: string) => void = () => undefined
  const answer = (id: number | undefined): void => {
    // what is recorded up to the reply to this message; with what comes by itself behind it
    while (said.length) {
      const message = said.shift() as Message
      if (message.event === 'cb.user') return void said.unshift(message)
      push(JSON.stringify(message.id === undefined ? message : { ...message, id }))
      if (message.id !== undefined) return
    }
  }
  const WebSocket = socketClass(peer => {
    push = text => peer.send(text)
    return {
      receive: text => {
        for (const request of [JSON.parse(text)].flat() as Request[]) {
          sent.push(request)
          answer(request.id)
        }
      },
      closed: () => undefined,
    }
  })
  const client = new ChannelsClient({ url: 'ws://fake/', WebSocket, token: 'tok-ann', heartbeat: false })
  let changes = 0
  client.onPermissions(() => changes++)
  client.connect()
  await settle()
  expect([client.getState().status, changes]).toEqual(['open', 0])
  push(JSON.stringify({ ...said.shift(), data: { user: 'ann' } }))
  await settle()
  expect([client.getState().user, changes]).toEqual(['ann', 1])
  expect(await client.retrieve('zoo.Note', 1, { fields: ['title'] })).toEqual({ id: 1, title: 'one' })
  const asked = mine.flatMap(step => (step.send ? [{ event: step.send.event, data: step.send.data }] : []))
  expect(sent.map(({ event, data }) => ({ event, data }))).toEqual(asked)
})

it('has a fake server that does several operations as one as recorded', async () => {
  const { fixture, steps } = load('batch')
  const server = new FakeServer()
  server.bind('zoo.Note', { rows: fixture.notes })
  const line = new Line(server)
  await settle()
  for (const { send, receive } of steps) {
    if (send) line.send(send)
    await settle()
    if (receive) expect(matches(receive, line.arrived.shift()), JSON.stringify(receive)).toBe(true)
  }
  expect(line.arrived).toEqual([])
})

it('sends several operations as recorded, and shows what they have made', async () => {
  const { steps } = load('batch')
  const sent = steps.flatMap(step => (step.send ? [step.send] : []))
  const server = new FakeServer()
  server.bind('zoo.Note', { rows: [] })
  const client = new ChannelsClient({ url: 'ws://fake/', WebSocket: server.WebSocket, heartbeat: false })
  const list = client.live('zoo.Note', 'search', sent[0]?.data as object)
  await settle()
  const [made, lost] = sent.slice(1).map(({ data }) => (data as { ops: BatchOperation[] }).ops)
  await client.batch(made ?? [])
  await expect(client.batch(lost ?? [])).rejects.toMatchObject({ code: 'not_found', op: 1 })
  await settle()
  const asSent = ({ event, data }: Request): unknown => [event, { atomic: true, ...(data as object) }]
  expect(server.received.slice(1).map(asSent)).toEqual(sent.slice(1).map(asSent))
  expect(list.getSnapshot().data).toMatchObject({ count: 2, rows: [{ title: 'first' }, { title: 'first' }] })
})

it('has a fake server that tells who is there as recorded', async () => {
  const { fixture, steps } = load('presence')
  const server = new FakeServer()
  server.bind('zoo.Note', { rows: fixture.notes })
  const line = new Line(server)
  await settle()
  for (const { send, receive } of steps) {
    if (send) line.send(send)
    await settle()
    if (receive) expect(matches(receive, line.arrived.shift()), JSON.stringify(receive)).toBe(true)
  }
  expect(line.arrived).toEqual([])
})

it('enters, changes and leaves as recorded', async () => {
  const { fixture, steps } = load('presence')
  const server = new FakeServer()
  server.bind('zoo.Note', { rows: fixture.notes })
  const client = new ChannelsClient({ url: 'ws://fake/', WebSocket: server.WebSocket, heartbeat: false })
  const room = PresenceRoom.of(client, 'zoo.Note', 1)
  room.subscribe(() => undefined)
  await settle(500)
  const entrance = room.enter({ editing: 'title' })
  await settle(500)
  expect(room.getState()).toMatchObject({
    status: 'success',
    me: { tabs: [{ meta: { editing: 'title' } }] },
    others: [],
  })
  entrance.update({ editing: 'rank' })
  await settle(500)
  entrance.leave()
  await settle(500)
  expect(room.getState()).toMatchObject({ members: [], me: null })
  void client.delete('zoo.Note', 1)
  await settle(500)
  expect(room.getState()).toMatchObject({ status: 'gone' })
  const played = steps.flatMap(({ send }) => (send && ![4, 5].includes(Number(send.id)) ? [send] : []))
  const asSent = ({ event, data }: Request): unknown => [event.replace(/#.*/, '#'), data]
  expect(server.received.map(asSent)).toEqual(played.map(asSent))
  expect(client.stats.divergences).toBe(0)
})

it('plays every recorded conversation', () => {
  const folder = new URL('../../../spec/transcripts/', import.meta.url)
  const recorded = readdirSync(folder).filter(name => name.endsWith('.json'))
  const own = readFileSync(new URL(import.meta.url), 'utf8')
  const lacking = recorded.filter(name => !own.includes(`'${name.replace('.json', '')}'`))
  expect(lacking).toEqual([])
})
