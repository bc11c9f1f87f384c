import type { BindingName } from '@channels-binding/core'
import { type Channels, useChannels } from '@channels-binding/core/react'
import { createContext, useContext } from 'react'

/** A stream, and the client that is asked of it: `'back1:desk.Ticket'` is `desk.Ticket` of the client `back1`. */
export interface Stream extends Channels {
  /** Its name as the server knows it, for what is said to the client itself. */
  readonly stream: BindingName
  /** The name of the client; `''` of the one without. */
  readonly server: string
}

/** The name of the client that a stream's name begins with, as the hooks of core read it: `'back1:desk.Ticket'` → `'back1'`. */
export const serverOf = (binding: string): string => binding.slice(0, Math.max(binding.indexOf(':'), 0))

/** What a component with this `binding` reads, writes and waits for. */
export function useStream(binding: BindingName): Stream {
  const server = serverOf(binding)
  const stream = (server ? binding.slice(server.length + 1) : binding) as BindingName
  return { ...useChannels(server), stream, server }
}

/** The client whose description holds the fields below: what they relate to is of the same server. */
export const ServerContext: React.Context<string> = createContext('')

/** The name of a stream that a description of this server names: `('back1', 'desk.Customer')` → `'back1:desk.Customer'`. */
export const namedBy = (server: string, stream: string): BindingName =>
  (server && stream ? `${server}:${stream}` : stream) as BindingName

/** The same, of the server that is asked around here. */
export const useRelated = (stream: string): BindingName => namedBy(useContext(ServerContext), stream)
