// An application that uses every entry of packages/core: its types are checked as those of an application are, libraries included.
import { ChannelsClient } from '@channels-binding/core'
import { ChannelsProvider, useSearch } from '@channels-binding/core/react'
import { usePresence, usePresenceOf } from '@channels-binding/core/presence'
import { ChannelsDevtools } from '@channels-binding/core/devtools'
import { DevtoolsLog } from '@channels-binding/core/devtools/log'
import { PresenceRoom } from '@channels-binding/core/presence/room'
import { FakeServer } from '@channels-binding/core/testing'
import { indexedDb } from '@channels-binding/core/persist'
import { Writes } from '@channels-binding/core/writes'
export const client = new ChannelsClient({ writes: { persist: indexedDb() } })
export const all = [Writes.of(client), DevtoolsLog.of(client), PresenceRoom.of(client, 'a.B', 1), new FakeServer()]
export function Page() {
  const { rows } = useSearch('a.B')
  const { others } = usePresenceOf('a.B', 1)
  usePresence('a.lobby')
  return <ChannelsProvider client={client}>{rows.length}{others.length}<ChannelsDevtools /></ChannelsProvider>
}
