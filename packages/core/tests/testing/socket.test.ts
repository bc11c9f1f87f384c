import { expect, it, vi } from 'vitest'
import { type Peer, socketClass } from '../../src/testing/socket.js'
import { fakeClock, settle } from '../helpers.js'

fakeClock()

interface Setup {
  readonly peer: () => Peer
  readonly received: string[]
  readonly closed: ReturnType<typeof vi.fn>
  readonly heard: unknown[]
  readonly socket: InstanceType<ReturnType<typeof socketClass>>
}

/** A socket that was just opened, and the server's end of it. */
function setup(greeting: string[] = []): Setup {
  let peer: Peer | undefined
  const received: string[] = []
  const closed = vi.fn()
  const Socket = socketClass(end => {
    peer = end
    for (const text of greeting) end.send(text)
    return { receive: text => received.push(text), closed }
  })
  const socket = new Socket('ws://fake/', ['cb.1.json'])
  const heard: unknown[] = []
  for (const type of ['open', 'message', 'close'] as const) socket.addEventListener(type, event => heard.push(event))
  return { peer: () => peer as Peer, received, closed, heard, socket }
}

it('opens first, and then brings what the server said while it accepted', async () => {
  const { heard } = setup(['hello', 'you'])
  expect(heard).toEqual([])
  await settle()
  expect(heard).toEqual([{ type: 'open' }, { type: 'message', data: 'hello' }, { type: 'message', data: 'you' }])
})

it('carries texts both ways', async () => {
  const { socket, peer, received, heard } = setup()
  await settle()
  socket.send('up')
  peer().send('down')
  await settle()
  expect(received).toEqual(['up'])
  expect(heard.at(-1)).toEqual({ type: 'message', data: 'down' })
})

it('closes with the code and reason of the server, once', async () => {
  const { socket, peer, closed, heard } = setup()
  await settle()
  peer().close(4500, 'why')
  peer().close(4401)
  await settle()
  socket.close()
  socket.send('late')
  await settle()
  expect(heard.slice(1)).toEqual([{ type: 'close', code: 4500, reason: 'why' }])
  expect(closed).toHaveBeenCalledOnce()
})

it('is silent once the client has closed it, and says so to the server', async () => {
  const { socket, peer, closed, received, heard } = setup()
  await settle()
  socket.send('up')
  socket.close()
  socket.close()
  peer().send('down')
  await settle()
  expect(closed).toHaveBeenCalledOnce()
  expect(received).toEqual([])
  expect(heard).toEqual([{ type: 'open' }])
})

it('shakes no hands once it was closed, and none with a server that refuses', async () => {
  const accept = vi.fn(() => null)
  const Socket = socketClass(accept)
  new Socket('ws://fake/').close()
  await settle()
  expect(accept).not.toHaveBeenCalled()
  const heard: unknown[] = []
  new Socket('ws://fake/').addEventListener('close', event => heard.push(event))
  await settle()
  expect(heard).toEqual([{ type: 'close', code: 1006, reason: '' }])
})
