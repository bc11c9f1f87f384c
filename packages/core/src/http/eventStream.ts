import { messagesOf } from '../transport.js'
import type { Message } from '../types.js'

/** The messages of a body of server-sent events, as they come: `id: 1b77c3e9\ndata: {"event":…}\n\n` → `{event: …}`. */
export async function* messagesOfEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<Message, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let pending = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      pending += decoder.decode(value, { stream: true })
      const events = pending.split('\n\n')
      pending = events.pop() as string
      for (const event of events) yield* messagesOf(dataOf(event))
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

/** The data of one event; empty where it has none, as a comment that only breaks the silence. */
function dataOf(event: string): string {
  const lines = event.split('\n').filter(line => line.startsWith('data:'))
  return lines.map(line => line.slice(5)).join('\n')
}
