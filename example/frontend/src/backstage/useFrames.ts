import type { Frame } from '@channels-binding/core'
import { useChannels } from '@channels-binding/core/react'
import { useEffect, useState } from 'react'

/** A frame that went by, as it is shown. */
export interface Seen {
  readonly key: number
  readonly direction: Frame['direction']
  /** The event of its first message. */
  readonly event: string
  /** `snapshot`, `diff`, … of its first message. */
  readonly type: string
  readonly messages: number
  readonly bytes: number
  readonly text: string
}

const KEPT = 40
const SHOW_EVERY_MS = 200
const HEARTBEATS = new Set(['cb.ping', 'cb.pong'])

/** The last frames in both directions, newest first, without heartbeats; shown at most five times a second. */
export function useFrames(): readonly Seen[] {
  const { client } = useChannels()
  const [frames, setFrames] = useState<readonly Seen[]>([])
  useEffect(() => {
    let seen: readonly Seen[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = (): void => {
      timer = undefined
      setFrames(seen)
    }
    const stop = client.onFrame(frame => {
      const next = read(frame, (seen[0]?.key ?? 0) + 1)
      if (HEARTBEATS.has(next.event)) return
      seen = [next, ...seen].slice(0, KEPT)
      timer ??= setTimeout(show, SHOW_EVERY_MS)
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [client])
  return frames
}

function read({ direction, text }: Frame, key: number): Seen {
  const messages = [JSON.parse(text)].flat() as { event: string; type?: string; error?: unknown }[]
  const [first] = messages
  const type = first?.error ? 'error' : (first?.type ?? '')
  const bytes = new TextEncoder().encode(text).length
  return { key, direction, event: first?.event ?? '', type, messages: messages.length, bytes, text }
}
