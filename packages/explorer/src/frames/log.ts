import type { Frame, Message } from '@channels-binding/core'

/** A frame that went by, as it is shown. */
export interface SeenFrame {
  readonly key: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly direction: Frame['direction']
  readonly carrier: 'ws' | 'http' | null
  /** The event of its first message. */
  readonly event: string
  /** `snapshot`, `diff`, `error`, … of its first message. */
  readonly type: string
  readonly messages: number
  readonly bytes: number
  readonly text: string
  readonly isBeat: boolean
}

/** A message of which the server says why it was sent. */
export interface Explained {
  readonly key: number
  readonly at: number
  readonly message: Message & { readonly why: Why }
}

/** What the server says with `"why": true`. */
export interface Why {
  readonly models: Readonly<Record<string, readonly (string | number)[] | null>>
  readonly more?: Readonly<Record<string, number>>
  readonly commits?: readonly number[]
  readonly group: string
  readonly readers: number
  readonly took_ms: number
  readonly statements: number
  readonly whole: boolean
}

/** Frames that are kept; the oldest go first. */
export const MOST_FRAMES = 500
/** Characters of a frame that are kept. */
export const MOST_CHARACTERS = 20_000
const MOST_EXPLAINED = 100
const TELL_EVERY_MS = 200
const BEATS = new Set(['cb.ping', 'cb.pong'])

/**
 * The last frames of all clients in both directions, newest first, and how many went by in all.
 * Tells of changes at most five times a second.
 */
export class FrameLog {
  /** How many messages and bytes went by since the page was opened, heartbeats left out. */
  readonly totals = { in: 0, out: 0, bytesIn: 0, bytesOut: 0 }
  #frames: readonly SeenFrame[] = []
  #explained: readonly Explained[] = []
  #lastKey = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #listeners = new Set<() => void>()

  /** Takes note of a frame. */
  add(frame: Frame, carrier: 'ws' | 'http' | null): void {
    const messages = messagesOf(frame.text)
    const seen = { ...summary(frame, messages), key: ++this.#lastKey, at: Date.now(), carrier }
    this.#frames = [seen, ...this.#frames].slice(0, MOST_FRAMES)
    if (!seen.isBeat) this.#count(frame, seen)
    for (const message of messages) if (isExplained(message)) this.#explain(message)
    this.#tell()
  }

  /** The frames that are kept; the same array until one is added. */
  readonly frames = (): readonly SeenFrame[] => this.#frames

  /** The messages of which it is known why they were sent, newest first. */
  readonly explained = (): readonly Explained[] => this.#explained

  /** Forgets all frames. */
  clear(): void {
    this.#frames = []
    this.#tell()
  }

  /** Calls back after changes. */
  readonly listen = (callback: () => void): (() => void) => {
    this.#listeners.add(callback)
    return () => this.#listeners.delete(callback)
  }

  #count({ direction }: Frame, { messages, bytes }: SeenFrame): void {
    this.totals[direction] += messages
    this.totals[direction === 'in' ? 'bytesIn' : 'bytesOut'] += bytes
  }

  #explain(message: Explained['message']): void {
    const next = { key: ++this.#lastKey, at: Date.now(), message }
    this.#explained = [next, ...this.#explained].slice(0, MOST_EXPLAINED)
  }

  #tell(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      for (const listener of this.#listeners) listener()
    }, TELL_EVERY_MS)
  }
}

/** The frames whose direction, event, type or text fit; heartbeats are left out unless they are asked for. */
export function filtered(
  frames: readonly SeenFrame[],
  { text, direction, beats }: { text: string; direction: 'both' | 'in' | 'out'; beats: boolean },
): readonly SeenFrame[] {
  const wanted = text.trim().toLowerCase()
  return frames.filter(
    frame =>
      (beats || !frame.isBeat) &&
      (direction === 'both' || frame.direction === direction) &&
      (wanted === '' ||
        `${frame.event} ${frame.type}`.toLowerCase().includes(wanted) ||
        frame.text.toLowerCase().includes(wanted)),
  )
}

/** A frame's JSON with indents, as far as it is whole. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function summary({ direction, text }: Frame, messages: readonly Message[]): Omit<SeenFrame, 'key' | 'at' | 'carrier'> {
  const [first] = messages
  const event = first?.event ?? ''
  return {
    direction,
    event,
    type: first?.error ? `error ${first.error.code}` : (first?.type ?? ''),
    messages: messages.length,
    bytes: new TextEncoder().encode(text).length,
    text: text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)} …` : text,
    isBeat: messages.length === 1 && BEATS.has(event),
  }
}

function messagesOf(text: string): readonly Message[] {
  try {
    const parsed: unknown = JSON.parse(text)
    return (Array.isArray(parsed) ? parsed : [parsed]) as Message[]
  } catch {
    return []
  }
}

const isExplained = (message: Message): message is Explained['message'] =>
  typeof (message as { why?: unknown } | null)?.why === 'object'
