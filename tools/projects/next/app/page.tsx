import { BindingError, ChannelsClient, eventName } from '@channels-binding/core'
import { DevtoolsLog } from '@channels-binding/core/devtools/log'
import { indexedDb } from '@channels-binding/core/persist'
import { PresenceRoom } from '@channels-binding/core/presence/room'
import { Search } from '@channels-binding/core/react'
import { Writes } from '@channels-binding/core/writes'

/** A server component that imports what knows no React, and draws a component of what does. */
export default function Page() {
  const client = new ChannelsClient({ url: 'ws://127.0.0.1:9/ws/', writes: { persist: indexedDb() } })
  const known = [DevtoolsLog, PresenceRoom, Writes, BindingError, Search].every(each => each !== undefined)
  return (
    <h1>
      {eventName('shop.Product', 'search')} is {client.getState().status}, {String(known)}
    </h1>
  )
}
