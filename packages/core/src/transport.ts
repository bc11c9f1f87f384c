import type { Message, Request } from './types.js'

/** A text frame that went by; for a log of the wire. */
export interface Frame {
  readonly direction: 'in' | 'out'
  readonly text: string
}

/** What a transport reports. */
export interface TransportHandlers {
  opened(): void
  received(messages: readonly Message[]): void
  /** It is gone; `wasOpen` is false where it never was open. */
  closed(code: number, reason: string, wasOpen: boolean): void
  frame(frame: Frame): void
  /** Messages go another way from now on: what is to stay live is asked for there. Calls that are under way end as they began. */
  moved(): void
}

/** What a transport reports that can be replaced by another one. */
export interface ReplaceableHandlers extends TransportHandlers {
  /** This one carries from now on. */
  replaced(by: Transport): void
}

/** What carries messages: a socket, or requests by HTTP. */
export type Carrier = 'ws' | 'http'

/** Carries messages to the server and back, in whatever way. */
export interface Transport {
  /** What carries them now; `null` while nothing does. */
  readonly carrier: Carrier | null
  readonly isOpen: boolean
  /** Opens; the handlers are called with what comes of it. */
  open(): void
  /** Sends a message; drops it unless open. */
  send(message: Request): void
  /** Ends without waiting for the other side to agree. */
  drop(reason: string): void
  /** Ends in silence: no handler is called. */
  close(): void
  /** The network or the page came back: whatever waits may try now. */
  awake?(): void
}

/** The messages of a frame; whatever is none is left out, for nothing that arrives may throw. */
export function messagesOf(text: string): Message[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return []
  }
  const items: unknown[] = Array.isArray(parsed) ? parsed : [parsed]
  return items.filter(isMessage)
}

function isMessage(item: unknown): item is Message {
  return typeof item === 'object' && item !== null && typeof (item as Message).event === 'string'
}
