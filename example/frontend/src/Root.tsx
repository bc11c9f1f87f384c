import { ChannelsClient } from '@channels-binding/core'
import { ChannelsProvider } from '@channels-binding/core/react'
import type { JSX } from 'react'
import { App } from './App'

// One client for the page, made outside React: it speaks to ws(s)://<this host>/ws/ with the session's cookie.
// It measures the round trip every three seconds, for the chip in the bar.
const client = new ChannelsClient({ heartbeat: { intervalMs: 3_000 } })

// The devtools are loaded while one develops, and where the address has ?devtools: before the page, so that they see all of it.
const isDeveloping = import.meta.env.DEV || new URLSearchParams(location.search).has('devtools')
const devtools = isDeveloping ? await import('@channels-binding/core/devtools') : null
devtools?.DevtoolsLog.of(client)

/** The help desk of whoever has signed in. */
export default function Root(): JSX.Element {
  return (
    <ChannelsProvider client={client}>
      <App />
      {devtools && <devtools.ChannelsDevtools />}
    </ChannelsProvider>
  )
}
