'use client'

import { ChannelsClient } from '@channels-binding/core'
import { ChannelsDevtools } from '@channels-binding/core/devtools'
import { usePresence } from '@channels-binding/core/presence'
import { ChannelsProvider, useConnection, useSearch } from '@channels-binding/core/react'
import { BindingForm } from '@channels-binding/mui/form'
import { BindingTable } from '@channels-binding/mui/table'
import type { ReactNode } from 'react'

const client = new ChannelsClient({ url: 'ws://127.0.0.1:9/ws/' })

function Products() {
  const { rows, isPending } = useSearch('shop.Product')
  const { status } = useConnection()
  const { others } = usePresence('shop.lobby')
  return (
    <p>
      {isPending ? 'loading' : rows.length} products, {status}, {others.length} others
    </p>
  )
}

export function Live({ children }: { children: ReactNode }) {
  return (
    <ChannelsProvider client={client}>
      <Products />
      {children}
      <BindingTable binding="shop.Product" />
      <BindingForm binding="shop.Product" />
      <ChannelsDevtools />
    </ChannelsProvider>
  )
}
