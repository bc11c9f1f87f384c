import { readFileSync } from 'node:fs'
import { BindingError } from '@channels-binding/core'
import { describe, expect, it } from 'vitest'
import { Calls } from '../src/calls.js'
import { Connection } from '../src/connection.js'
import { LiveRead } from '../src/read.js'
import { CONNECTION, type ConnectionEvent, READ, type ReadEvent } from '../src/states.js'
import type { Transport, TransportHandlers } from '../src/transport.js'
import type { ConnectionStatus, LiveStatus, Request } from '../src/types.js'
import { fakeClock, settle } from './helpers.js'

fakeClock()

type Cells<S extends string, E extends string> = Readonly<Record<S, Readonly<Record<E, S | null>>>>

const cellsOf = <S extends string, E extends string>(table: Cells<S, E>): [S, E, S][] =>
  (Object.keys(table) as S[]).flatMap(status =>
    (Object.keys(table[status]) as E[]).map((event): [S, E, S] => [status, event, table[status][event] ?? status]),
  )

describe('a connection', () => {
  /** A connection whose transport is played by the test. */
  function played(): { connection: Connection; play: Readonly<Record<ConnectionEvent, () => void>> } {
    let handlers = {} as TransportHandlers
    let isOpen = false
    const transport = {
      carrier: 'ws',
      open() {},
      close() {},
      drop() {},
      send() {},
    } as unknown as Transport
    const connection = new Connection(
      {
        transport: own => {
          handlers = own
          return Object.defineProperty(transport, 'isOpen', { get: () => isOpen })
        },
        backoff: undefined,
        heartbeat: false,
        connectTimeoutMs: 1_000_000,
      },
      {
        opened() {},
        lost() {},
        mayRenew: () => false,
        refused() {},
        received() {},
        ping() {},
        frame() {},
        isBusy: () => false,
      },
    )
    const closed = (code: number) => (): void => {
      const wasOpen = isOpen
      isOpen = false
      handlers.closed(code, '', wasOpen)
    }
    return {
      connection,
      play: {
        connect: () => connection.connect(),
        reconnect: () => connection.reconnect(),
        close: () => connection.close(),
        opened: () => {
          isOpen = true
          handlers.opened()
        },
        lost: closed(4500),
        refused: closed(4401),
        ended: closed(4400),
      },
    }
  }

  const WAYS: Readonly<Record<ConnectionStatus, readonly ConnectionEvent[]>> = {
    idle: [],
    connecting: ['connect'],
    open: ['connect', 'opened'],
    reconnecting: ['connect', 'opened', 'lost'],
    unauthorized: ['connect', 'refused'],
    closed: ['connect', 'ended'],
  }

  it.each(cellsOf(CONNECTION))('that is %s is after %s %s', (status, event, next) => {
    const { connection, play } = played()
    for (const step of WAYS[status]) play[step]()
    expect(connection.state.status).toBe(status)
    play[event]()
    expect(connection.state.status).toBe(next)
    connection.close()
  })
})

describe('a live read', () => {
  function read(): { live: LiveRead; play: Readonly<Record<ReadEvent, () => void>> } {
    const sent: Request[] = []
    const calls = new Calls({
      isOpen: () => true,
      isKnown: () => true,
      send: request => void sent.push(request),
      refusal: () => null,
      timeoutMs: 1_000_000,
    })
    const live: LiveRead = new LiveRead({ stream: 'a.B', action: 'retrieve', params: { id: 1 } }, 'h1', {
      calls,
      changed() {},
      diverged() {},
    })
    live.ask()
    const message = (parts: object): void =>
      calls.settle({ event: live.event, id: sent.at(-1)?.id as number, ...parts })
    const asked = (play: () => void) => (): void => {
      live.ask()
      play()
    }
    return {
      live,
      play: {
        answered: asked(() => message({ type: 'snapshot', v: 'a1', data: { id: 1 } })),
        gone: asked(() => message({ type: 'gone' })),
        refused: () => live.fail(new BindingError('forbidden', 'No.')),
        delayed: () => live.fail(new BindingError('timeout', 'Later.')),
        lost: () => live.lost(),
      },
    }
  }

  const WAYS: Readonly<Record<LiveStatus, readonly ReadEvent[]>> = {
    pending: [],
    success: ['answered'],
    error: ['refused'],
    gone: ['answered', 'gone'],
  }

  it.each(cellsOf(READ))('that is %s is after %s %s', async (status, event, next) => {
    const { live, play } = read()
    for (const step of WAYS[status]) play[step]()
    expect(live.state.status).toBe(status)
    play[event]()
    expect(live.state.status).toBe(next)
    live.stop()
    await settle()
  })
})

/** A table as the documentation shows it. */
function drawn<S extends string, E extends string>(title: string, table: Cells<S, E>): string {
  const statuses = Object.keys(table) as S[]
  const events = Object.keys(table[statuses[0] as S]) as E[]
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rows = statuses.map(status =>
    line([`\`${status}\``, ...events.map(event => (table[status][event] ? `\`${table[status][event]}\`` : ''))]),
  )
  return [line([title, ...events]), line([title, ...events].map(() => '---')), ...rows].join('\n')
}

it('is drawn in the documentation', () => {
  const page = readFileSync(new URL('../../../docs/reference/client-states.md', import.meta.url), 'utf8')
  expect(page).toContain(drawn('connection', CONNECTION))
  expect(page).toContain(drawn('read', READ))
})
