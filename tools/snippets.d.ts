// What the reader of a page has already: their client, their components, their rows. See tools/snippets.mjs.
import type { ChannelsClient } from '@channels-binding/core'
import type { QueryClient } from '@tanstack/react-query'
import type { JSX } from 'react'

interface Anything {
  pk: any
  row: any
  create: any
  update: any
  filters: any
  order: any
  events: Record<string, { in: any; out: any }>
  measures: any
  groups: any
  expand: any
  presence: true
}

declare module '@channels-binding/core' {
  interface Register {
    bindings: Record<string, Anything>
  }
}

declare global {
  const client: ChannelsClient
  const queryClient: QueryClient
  const auth: { getAccessToken(): Promise<string> }
  const id: number
  const row: any
  const text: string
  const query: string
  const isOpen: boolean
  const highlights: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> | undefined
  function setQuery(query: string): void
  function close(): void
  function App(): JSX.Element
  function Orders(): JSX.Element
  interface ImportMeta {
    readonly env: { readonly DEV: boolean }
  }
}
