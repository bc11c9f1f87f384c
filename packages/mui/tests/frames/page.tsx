/** A table with 100 rows in the page, and a server (`server.ts`) that changes them: `benchmarks/frames.py` counts frames and work. */
import { ChannelsClient, type SocketEvent, type SocketLike } from '@channels-binding/core'
import { ChannelsProvider } from '@channels-binding/core/react'
import { BindingTable } from '@channels-binding/mui/table'
import { QueryClient } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'

const ROWS = 100

declare const SERVER: string
const server = new Worker(URL.createObjectURL(new Blob([SERVER], { type: 'text/javascript' })))

/** A socket to the server's thread. */
class WorkerSocket implements SocketLike {
  constructor(_url: string, protocols: string[] = []) {
    server.postMessage({ protocols })
  }
  send(text: string): void {
    server.postMessage({ text })
  }
  close(): void {}
  addEventListener(type: string, listener: (event: SocketEvent) => void): void {
    server.addEventListener('message', ({ data }) => data.type === type && listener(data))
  }
}
const client = new ChannelsClient({ url: 'ws://fake/', transport: 'ws', WebSocket: WorkerSocket })

/** Changes rows so many times a second, for so long; answers with the time between frames, in milliseconds. */
async function measure(perSecond: number, seconds: number): Promise<readonly number[]> {
  const frames: number[] = []
  const begin = performance.now()
  let pushed = 0
  while (performance.now() - begin < seconds * 1000) {
    frames.push(await new Promise(requestAnimationFrame))
    while (pushed < ((performance.now() - begin) / 1000) * perSecond) server.postMessage({ push: pushed++ })
  }
  return frames.slice(1).map((frame, index) => frame - (frames[index] as number))
}

Object.assign(window, { measure })
createRoot(document.getElementById('root') as HTMLElement).render(
  <ChannelsProvider client={client} queryClient={new QueryClient()}>
    <div style={{ width: 1400, height: 900, display: 'flex' }}>
      <BindingTable binding="shop.Ticket" pageSize={ROWS} order="id" editable disableVirtualization density="compact" />
    </div>
  </ChannelsProvider>,
)
