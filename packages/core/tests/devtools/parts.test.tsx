import { render, screen, within } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import type { LoggedRead, LogState } from '../../src/devtools/log.js'
import { ConnectionPart, ReadsPart, WritesPart } from '../../src/devtools/parts.js'
import { Writes } from '../../src/writes/index.js'
import { stage } from '../react/stage.js'

const STATE = {
  connection: { status: 'open', transport: null, user: null, latencyMs: null },
  tookMs: [],
  history: [],
  inFlight: 0,
  received: 0,
  sent: 0,
  divergences: 0,
  reads: [],
  writes: [],
} as unknown as LogState
const READ = {
  event: 'shop.Product.search#h1',
  params: null,
  status: 'live',
  error: null,
  v: null,
  rows: null,
  count: null,
  diffs: 0,
  at: 0,
  why: null,
} as unknown as LoggedRead
const WHY = { models: {}, readers: 1, took_ms: 2, statements: 1, group: 'g' }

const facts = (): (string | null)[] => [...document.querySelectorAll('dd')].map(each => each.textContent)

it('says what is not known yet as such', () => {
  const { client } = stage()
  render(<ConnectionPart client={client} state={STATE} />)
  expect(facts()).toEqual(['open', 'null', '–', 'median –, slowest –', '0', '0 received, 0 sent', '0'])
})

it('measures the replies', () => {
  const { client } = stage()
  const connection = { ...STATE.connection, transport: 'ws' as const, latencyMs: 12.4 }
  render(<ConnectionPart client={client} state={{ ...STATE, connection, tookMs: [30, 10, 20] }} />)
  expect(facts().slice(0, 4)).toEqual(['open (ws)', 'null', '12 ms', 'median 20 ms, slowest 30 ms'])
})

it.each([
  ['one of which nothing is known', {}, ['opened before the log began', '?']],
  ['a row', { params: { id: 1 }, rows: 1, v: 'a1' }, ['{"id":1}', '1', 'a1']],
  ['a page', { params: {}, rows: 3, count: 9, v: 'b2' }, ['{}', '3 of 9', 'b2']],
])('shows a live read: %s', (_what, part, texts) => {
  render(<ReadsPart state={{ ...STATE, reads: [{ ...READ, ...part }] } as never} log={{ explain: vi.fn() } as never} />)
  const row = screen.getAllByRole('row')[1] as HTMLElement
  for (const text of texts) expect(row).toHaveTextContent(text)
})

it.each([
  [{}, 'nothing noted as changed · 1 reader · 2 ms, 1 statement'],
  [
    { models: { 'shop.Product': ['7', '9'], 'shop.Tag': null }, readers: 4, statements: 0 },
    'changed: shop.Product 7, 9; any shop.Tag · 4 readers · 2 ms, 0 statements',
  ],
])('says why a message came: %j', (part, said) => {
  const read = { ...READ, why: { ...WHY, ...part } }
  render(<ReadsPart state={{ ...STATE, reads: [read] } as never} log={{ explain: vi.fn() } as never} />)
  expect(screen.getAllByRole('row')[1]).toHaveTextContent(said)
})

it('shows what waits to be written, why it was refused, and what can be done about it', async () => {
  const { client } = stage()
  const writes = Writes.of(client)
  const retry = vi.spyOn(writes, 'retry').mockReturnValue(undefined)
  const drop = vi.spyOn(writes, 'drop').mockReturnValue(undefined)
  const of = (key: string, part: object): object => ({
    key,
    stream: 'shop.Product',
    action: 'save',
    id: 1,
    values: {},
    ...part,
  })
  const list = [
    of('a', { state: 'refused', error: new Error('Taken.') }),
    of('b', { state: 'waiting' }),
    of('c', { state: 'sent' }),
  ]
  render(<WritesPart client={client} state={{ ...STATE, writes: list } as never} />)
  const [, refused, waiting, sent] = screen.getAllByRole('row') as HTMLElement[]
  expect(refused).toHaveTextContent('refused: Taken.')
  expect(
    within(waiting as HTMLElement)
      .getAllByRole('button')
      .map(each => each.textContent),
  ).toEqual(['Drop'])
  expect(within(sent as HTMLElement).queryAllByRole('button')).toEqual([])
  const user = userEvent.setup({ delay: null })
  await user.click(within(refused as HTMLElement).getByRole('button', { name: 'Retry' }))
  await user.click(within(refused as HTMLElement).getByRole('button', { name: 'Drop' }))
  expect(retry).toHaveBeenCalledExactlyOnceWith('a')
  expect(drop).toHaveBeenCalledExactlyOnceWith('a')
})
