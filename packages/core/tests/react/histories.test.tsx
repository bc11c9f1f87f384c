import { useInfiniteSearch, useList, useRetrieve, useSearch, useSuspenseSearch } from '@channels-binding/core/react'
import { act, cleanup, render } from '@testing-library/react'
import fc from 'fast-check'
import { Component, type JSX, type ReactNode, Suspense } from 'react'
import { expect, it, vi } from 'vitest'
import { choices, chooser } from '../helpers.js'
import { stage } from './stage.js'

/** Histories that are played; `PAGES=500 SEED=7` for more, or others. */
const RUNS = Number(process.env.PAGES ?? 40)
const SEED = Number(process.env.SEED ?? 1)

const STREAM = 'shop.Product'
const HOOKS = ['search', 'suspense', 'list', 'retrieve', 'infinite'] as const
const MODES = [true, true, 'refetch', 'notify'] as const
const ORDERS = ['id', '-stock', 'name'] as const

/** What one place of the page shows. */
interface Slot {
  readonly place: number
  readonly hook: (typeof HOOKS)[number]
  readonly order: (typeof ORDERS)[number]
  readonly query: string
  readonly live: (typeof MODES)[number]
}

type Shown = readonly { readonly id: unknown; readonly stock?: unknown }[]

/** What is shown where, as it was rendered last. */
type Board = Map<number, Shown>

interface Place {
  readonly slot: Slot
  readonly tell: (rows: Shown) => void
}

function Search({ slot: { order, query, live }, tell }: Place): null {
  const { rows, show } = useSearch(STREAM, { order, query }, { live })
  tell(rows as Shown)
  if (live === 'notify') setTimeout(show, 0)
  return null
}
function Suspending({ slot: { order, query }, tell }: Place): null {
  tell(useSuspenseSearch(STREAM, { order, query }).rows as Shown)
  return null
}
function List({ slot: { order, query, live }, tell }: Place): null {
  const { rows, show } = useList(STREAM, { order, query }, { live })
  tell(rows as Shown)
  if (live === 'notify') setTimeout(show, 0)
  return null
}
function Infinite({ slot: { order, query }, tell }: Place): null {
  tell(useInfiniteSearch(STREAM, { order, query, limit: 25 }).rows as Shown)
  return null
}
function Retrieve({ tell }: Place): null {
  const { data } = useRetrieve(STREAM, 2)
  tell(data ? [data as { id: unknown }] : [])
  return null
}
const SHOWS = { search: Search, suspense: Suspending, list: List, retrieve: Retrieve, infinite: Infinite }

class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null }
  static getDerivedStateFromError = (error: unknown): { error: unknown } => ({ error })
  override render(): ReactNode {
    return this.state.error ? null : this.props.children
  }
}

function Page({ slots, board, round }: { slots: readonly (Slot | null)[]; board: Board; round: number }): JSX.Element {
  const places = slots.map(slot => {
    if (!slot) return null
    const { place } = slot
    const Show = SHOWS[slot.hook]
    return (
      <Boundary key={`${place} ${round}`}>
        <Suspense fallback={null}>
          <Show key={slot.hook} slot={slot} tell={rows => board.set(place, rows)} />
        </Suspense>
      </Boundary>
    )
  })
  return <>{places}</>
}

async function play(steps: readonly (readonly number[])[]): Promise<void> {
  const { server, client, Wrapper, wait } = stage({ transport: 'auto', timeoutMs: 3_000, heartbeat: false })
  const board: Board = new Map()
  const slots: (Slot | null)[] = [null, null, null, null]
  let round = 0
  const page = (): JSX.Element => (
    <Wrapper>
      <Page slots={[...slots]} board={board} round={round} />
    </Wrapper>
  )
  const view = render(page())
  for (const step of steps) {
    const under = chooser(step)
    const one = <T,>(list: readonly T[]): T => list[under(list.length)] as T
    const what = under(10)
    if (what < 5) {
      const place = under(slots.length)
      const slot = { place, hook: one(HOOKS), order: one(ORDERS), query: one(['', 'an', 'a']), live: one(MODES) }
      slots[place] = one([slot, slot, slot, null])
      await act(async () => view.rerender(page()))
    } else if (what === 5) server.close(one([4500, 4503, 1006]))
    else if (what === 6) Object.assign(server.bends, { refuse: one([0, 2, 1_000]), unreachable: one([0, 1_000]) })
    else if (what === 7) await act(async () => client.reconnect())
    else if (what === 8) server.update(STREAM, one([1, 2, 3]), { stock: under(100) })
    else if (one([true, false])) server.insert(STREAM, { name: one(['Date', 'Mango']), stock: under(100) })
    else server.bends.delayMs = one([0, 5, 300])
    if (under(2)) await wait(one([10, 100, 1_000]))
  }
  Object.assign(server.bends, { refuse: 0, unreachable: 0, delayMs: 0 })
  round++ // what has thrown its error at a boundary is tried again
  await act(async () => view.rerender(page()))
  await wait(60_000)
  for (const slot of slots) {
    if (!slot) continue
    const { place, hook, order, query } = slot
    const asked = client.list(STREAM, { order, query })
    await wait()
    const all = (await asked).rows as Shown
    const now = hook === 'retrieve' ? server.rows(STREAM).filter(row => row.id === 2) : all
    expect(board.get(place), JSON.stringify(slot)).toEqual(now)
  }
  expect(client.stats.divergences).toBe(0)
  await act(async () => view.unmount())
  await wait(5_000)
  expect([client.liveReads, server.liveReads]).toEqual([0, 0])
  client.close()
  cleanup()
}

it(`shows what the server has after any of ${RUNS} histories of a page, and holds nothing once it is gone`, async () => {
  vi.useFakeTimers()
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  try {
    const property = fc.asyncProperty(fc.array(choices, { minLength: 1, maxLength: 15, size: 'max' }), play)
    await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: false })
    for (const [first] of said.mock.calls) expect(String(first)).toMatch(/%o|boundary/i) // what a boundary has caught
  } finally {
    vi.useRealTimers()
  }
}, 600_000)
