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
  return { server, client, queryClient, Wrapper, wait: (ms = 10) => act(async () => void (await settle(ms))) }
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
