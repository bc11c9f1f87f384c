import { expect, it } from 'vitest'
import { messagesOfEvents } from '../../src/http/eventStream.js'

it('reads messages however their bytes are cut', async () => {
  const text =
    ': hello\n\nid: 1\ndata: {"event":"a.b","data":"ä"}\n\nretry: 5\n\ndata: {"event":\ndata: "c.d"}\n\ndata: no JSON\n\ndata: {"event":"cut'
  const bytes = new TextEncoder().encode(text)
  for (const size of [1, 7, bytes.length]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.slice(n * size, (n + 1) * size),
    )
    const found: unknown[] = []
    for await (const message of messagesOfEvents(bodyOf(pieces))) found.push(message)
    expect(found).toEqual([{ event: 'a.b', data: 'ä' }, { event: 'c.d' }])
  }
})

const bodyOf = (pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: controller => {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
