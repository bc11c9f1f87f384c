import { ERROR_CODES } from '../errorCodes.js'
import type { BindingError, ErrorCode, WireError } from '../errors.js'
import type { Message } from '../types.js'
import type { Bends } from './bends.js'
import type { FakeRead } from './read.js'
import type { Conversation, Peer } from './socket.js'

/** What a connection needs of its server. */
export interface ConnectionHost {
  readonly bends: Bends
  /** Every frame that left, in order. */
  readonly sent: string[]
  /** The sockets that are open. */
  readonly connections: Set<FakeConnection>
  receive(connection: FakeConnection, text: string): void
  /** The socket is gone. */
  left(connection: FakeConnection): void
}

/** One client's socket, as the server sees it. */
export class FakeConnection implements Conversation {
  /** The live reads, by the name of the event that they are pushed under. */
  readonly lives: Map<string, FakeRead> = new Map()
  /** The streams whose events are sent here. */
  readonly streams: Set<string> = new Set()
  readonly hasProtocol: boolean
  /** Whose it is. */
  user: unknown = null
  /** Whether it is open only to say who it is. */
  isPending = false
  readonly #peer: Peer
  readonly #server: ConnectionHost
  #pushes: Message[] = []
  #arrivesAt = 0
  #overtaken: string | null = null
  #underWay = 0

  constructor(server: ConnectionHost, peer: Peer, hasProtocol: boolean) {
    this.#server = server
    this.#peer = peer
    this.hasProtocol = hasProtocol
  }

  receive(text: string): void {
    this.#server.receive(this, text)
  }

  closed(): void {
    this.#server.left(this)
  }

  close(code: number, reason?: string): void {
    this.#server.left(this)
    this.#peer.close(code, reason)
  }

  /** Collects pushes, which leave in one frame. */
  push(message: Message): void {
    this.#pushes.push(message)
  }

  flush(): void {
    const pushes = this.#pushes
    this.#pushes = []
    if (!pushes.length) return
    if (this.hasProtocol && pushes.length > 1) this.sendText(JSON.stringify(pushes))
    else for (const message of pushes) this.send(message)
  }

  send(message: Message): void {
    this.sendText(JSON.stringify(message))
  }

  sendError({ event, id }: Pick<Message, 'event' | 'id'>, error: BindingError): void {
    this.send({ event, ...(id !== undefined && { id }), error: wireOf(error) })
  }

  sendText(text: string): void {
    const { bends } = this.#server
    if (bends.silent) return
    if (bends.drop > 0) return void bends.drop--
    for (let times = bends.duplicate ? 2 : 1; times > 0; times--) this.#deliver(text, bends.delayMs)
  }

  #deliver(text: string, delayMs: number): void {
    const { bends } = this.#server
    if (bends.reorder && this.#overtaken === null) {
      this.#overtaken = text
      return
    }
    const overtaken = this.#overtaken
    this.#overtaken = null
    this.#pass(text, delayMs)
    if (overtaken !== null) this.#pass(overtaken, delayMs)
  }

  /** What left first arrives first, however long each takes. */
  #pass(text: string, delayMs: number): void {
    this.#server.sent.push(text)
    const now = Date.now()
    this.#arrivesAt = Math.max(now + delayMs, this.#arrivesAt)
    if (this.#arrivesAt === now && !this.#underWay) return this.#peer.send(text)
    this.#underWay++
    setTimeout(() => {
      this.#underWay--
      this.#peer.send(text)
    }, this.#arrivesAt - now)
  }
}

/** An error as it travels: the status is the one of its code, whoever made it. */
export function wireOf(error: BindingError): WireError {
  const { code, message, fields, ref, retryAfterSeconds, limit, current, version, of, op } = error
  const { status, retry } = Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode] : error
  return {
    code,
    status,
    message,
    ...(fields && { fields }),
    retry,
    ...(ref && { ref }),
    ...(retryAfterSeconds !== null && { retry_after: retryAfterSeconds }),
    ...(limit !== null && { limit }),
    ...(current && { current }),
    ...(version !== null && { v: version }),
    ...(of !== null && { of }),
    ...(op !== null && { op }),
  }
}
