import { ChannelsClient, type ClientOptions, type Description } from '@channels-binding/core'
import { ChannelsProvider } from '@channels-binding/core/react'
import { FakeServer, type FakeTableOptions } from '@channels-binding/core/testing'
import createCache from '@emotion/cache'
import { CacheProvider } from '@emotion/react'
import { QueryClient } from '@tanstack/react-query'
import { type RenderResult, render } from '@testing-library/react'
import { type UserEvent, userEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { type JSX, type ReactNode, StrictMode } from 'react'
import { onTestFinished } from 'vitest'

export interface Stage {
  readonly server: FakeServer
  readonly client: ChannelsClient
  readonly user: UserEvent
  readonly show: (element: ReactNode) => RenderResult
}

/** Keeps the styles out of the page: jsdom would read all of them again for every question about an element. */
const styles = createCache({ key: 'css', container: document.createElement('div') })

/** A fake server, a client of it, and a page under StrictMode that shows something. */
export function stage(
  tables: Readonly<Record<string, FakeTableOptions>>,
  fetch?: typeof globalThis.fetch,
  options: Partial<ClientOptions> = {},
): Stage {
  const server = new FakeServer()
  for (const [stream, options] of Object.entries(tables)) server.bind(stream, options)
  const client = new ChannelsClient({
    ...server.options,
    transport: 'ws',
    backoff: { minMs: 1, maxMs: 5 },
    graceMs: 10,
    ...(fetch && { fetch }),
    ...options,
  })
  onTestFinished(() => client.close())
  const queryClient = new QueryClient()
  const wrapper = ({ children }: { children: ReactNode }): JSX.Element => (
    <StrictMode>
      <CacheProvider value={styles}>
        <ChannelsProvider client={client} queryClient={queryClient}>
          {children}
        </ChannelsProvider>
      </CacheProvider>
    </StrictMode>
  )
  return {
    server,
    client,
    user: userEvent.setup({ delay: null, pointerEventsCheck: 0 }),
    show: element => render(element, { wrapper }),
  }
}

/** What axe-core finds wrong; colours are left out, for jsdom has none. */
export async function violations(element: Element = document.body): Promise<string[]> {
  const rules = { 'color-contrast': { enabled: false }, region: { enabled: false } }
  const { violations: found } = await axe.run(element, { rules })
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)
}

export const TICKETS: FakeTableOptions = {
  rows: [
    {
      id: 1,
      title: 'Printer',
      status: 'open',
      votes: 1200,
      price: '9.90',
      urgent: true,
      due: '2026-11-22',
      seen: null,
      owner: 7,
      extra: { a: 1 },
    },
    {
      id: 2,
      title: 'Screen',
      status: 'done',
      votes: 3,
      price: '10.00',
      urgent: false,
      due: null,
      seen: '2026-11-22T13:30:00Z',
      owner: 8,
      extra: null,
    },
    {
      id: 3,
      title: 'Mouse',
      status: 'open',
      votes: 7,
      price: '1.00',
      urgent: false,
      due: null,
      seen: null,
      owner: null,
      extra: null,
    },
  ],
  labels: () => ({ owner: { 7: 'Ann', 8: 'Ben' } }),
  describe: {
    label: 'ticket',
    label_plural: 'tickets',
    fields: [
      { name: 'id', label: 'ID', type: 'integer', editable: false },
      { name: 'title', label: 'Title', type: 'string', editable: true, help_text: 'What it is about' },
      {
        name: 'status',
        label: 'Status',
        type: 'choice',
        editable: true,
        choices: [
          { value: 'open', label: 'Open' },
          { value: 'done', label: 'Done' },
        ],
      },
      { name: 'votes', label: 'Votes', type: 'integer', editable: true },
      { name: 'price', label: 'Price', type: 'decimal', editable: true, sortable: false },
      { name: 'urgent', label: 'Urgent', type: 'boolean', editable: true },
      { name: 'due', label: 'Due', type: 'date', editable: true },
      { name: 'seen', label: 'Seen', type: 'datetime', editable: false },
      { name: 'owner', label: 'Owner', type: 'relation', editable: true, relation: { stream: 'auth.User' } },
      { name: 'extra', label: 'Extra', type: 'json', editable: true },
    ],
  } satisfies Partial<Description>,
}
