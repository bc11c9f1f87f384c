import type { ChannelsClient, ClientOptions } from '@channels-binding/core'
import { ChannelsProvider, useSearch } from '@channels-binding/core/react'
import type { FakeServer, FakeTableOptions } from '@channels-binding/core/testing'
import { QueryClient } from '@tanstack/react-query'
import { act } from '@testing-library/react'
import { type JSX, type ReactNode, StrictMode } from 'react'
import { settle, world } from '../helpers.js'

export interface Stage {
  readonly server: FakeServer
  readonly client: ChannelsClient
  readonly queryClient: QueryClient
  readonly Wrapper: (props: { children: ReactNode }) => JSX.Element
  readonly wait: (ms?: number) => Promise<void>
}

/** A fake server with three products, a client of it, and a page under StrictMode. */
export function stage(options: ClientOptions = {}, table: FakeTableOptions = {}): Stage {
  const { server, client } = world(options, table)
  const queryClient = new QueryClient()
  const Wrapper = ({ children }: { children: ReactNode }): JSX.Element => (
    <StrictMode>
      <ChannelsProvider client={client} queryClient={queryClient}>
        {children}
      </ChannelsProvider>
    </StrictMode>
  )
  return { server, client, queryClient, Wrapper, wait }
}

/** Some time passes, in which React renders as it does in a browser. React 18 runs the effects of the last rendering when `act` ends. */
async function wait(ms = 10): Promise<void> {
  const slice = Math.max(10, ms / 20)
  for (let left = ms; left > 0; left -= slice) await act(async () => void (await settle(Math.min(slice, left))))
  await act(async () => void (await settle(0)))
}

/** A list of products, as an application shows it. */
export function List({ query = '' }: { query?: string }): JSX.Element {
  const { rows, count, isPending } = useSearch('shop.Product', { order: 'name', query })
  return (
    <p>
      {isPending ? 'wait' : rows.map(row => `${row.name}:${row.stock}`).join(' ')} of {count}
    </p>
  )
}
