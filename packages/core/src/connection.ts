import { Backoff, type BackoffOptions } from './backoff.js'
import { errorOfClose, isFinal, isRefusal } from './closes.js'
import { BindingError } from './errors.js'
import { Listeners } from './listeners.js'
import { type HeartbeatOptions, Monitor } from './monitor.js'
import { CONNECTION, type ConnectionEvent } from './states.js'
import { Timer } from './timer.js'
import type { ReplaceableHandlers, Transport, TransportHandlers } from './transport.js'
import type { ConnectionState, ConnectionStatus, Message, Request } from './types.js'

/** How the connection is made and kept. */
export interface ConnectionOptions {
  /** What carries messages. */
  readonly transport: (handlers: ReplaceableHandlers) => Transport
  readonly backoff: BackoffOptions | undefined
  /** `false` for none. */
  readonly heartbeat: HeartbeatOptions | false
  /** Time in milliseconds that a handshake may take. */
  readonly connectTimeoutMs: number
}

/** What the connection reports. */
export interface ConnectionHandlers {
  /** It is open, or messages go another way from now on: everything that is wanted is asked for. */
  opened(): void
  /** Lost for now: it comes back by itself. */
  lost(): void
  /** The server does not take the credentials: whether there are others to try. */
  mayRenew(): boolean
  /** Ended: it comes back only with `connect()` or `reconnect()`. */
  refused(error: BindingError, code: number): void
  received(messages: readonly Message[]): void
  /** It is time for ping `n`. */
  ping(n: number): void
  frame: TransportHandlers['frame']
  /** Whether calls are on their way that a change of servers would cut off. */
  isBusy(): boolean
}

/** A connection that was open this long counts as good: the next failure starts with short waits again. */
const STABLE_MS = 5_000

/** How often a connection that is to move on looks whether every call is answered. */
const LEAVE_CHECK_MS = 50

export const closedError = (): BindingError => new BindingError('unavailable', 'The client is closed.')

const INITIAL: ConnectionState = {
  status: 'idle',
  transport: null,
  latencyMs: null,
  attempts: 0,
  hasEverConnected: false,
  nextRetryAt: null,
  lastError: null,
  user: null,
}

/**
 * Keeps one connection for as long as it is wanted: when to dial, when to wait, when to give up.
 *
 * What follows what is a table, `CONNECTION` in `states.ts`.
 *
 * Knows statuses and waits; knows nothing of what the messages say.
 */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #handlers: ConnectionHandlers
  #transport: Transport
  readonly #monitor: Monitor
  readonly #backoff: Backoff
  readonly #listeners = new Listeners()
  #state: ConnectionState = INITIAL
  readonly #timer = new Timer()
  readonly #stable = new Timer()
  #notBefore = 0
  /** Whether the server is going away and only calls that are under way keep this connection. */
  #isMovingOn = false

  constructor(options: ConnectionOptions, handlers: ConnectionHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#backoff = new Backoff(options.backoff)
    this.#transport = options.transport({
      opened: () => this.#opened(),
      moved: () => this.#entered(),
      replaced: by => {
        this.#transport = by
        if (this.#state.nextRetryAt !== null) this.#dial('lost')
      },
      closed: (code, reason, wasOpen) => this.#closed(code, reason, wasOpen),
      received: messages => this.#received(messages),
      frame: handlers.frame,
    })
    this.#monitor = new Monitor(options.heartbeat || {}, {
      ping: handlers.ping,
      latency: latencyMs => this.update({ latencyMs }),
      stale: () => this.#transport.drop('no sign of life'),
      awake: () => this.#awake(),
    })
  }

  get state(): ConnectionState {
    return this.#state
  }

  get isOpen(): boolean {
    return this.#transport.isOpen && !this.#isMovingOn
  }

  /** Why there will be no connection; `null` while there is one or may be one. */
  get refusal(): BindingError | null {
    const { status, lastError } = this.#state
    return status === 'closed' || status === 'unauthorized' ? (lastError ?? closedError()) : null
  }

  onState(callback: () => void): () => void {
    return this.#listeners.add(callback)
  }

  /** Takes over what became known. */
  update(change: Partial<ConnectionState>): void {
    this.#state = { ...this.#state, ...change }
    this.#listeners.emit()
  }

  /** Connects on first use; never against a refusal or a `close()`. */
  ensure(): void {
    if (this.#state.status === 'idle') this.connect()
  }

  /** Connects, unless it is connected or about to be. */
  connect(): void {
    if (this.#after('connect') !== this.#state.status) this.#dial('connect')
  }

  /** Connects anew, at once, whatever the state. */
  reconnect(): void {
    this.#backoff.reset()
    this.#notBefore = 0
    if (this.#state.status === 'open') this.#handlers.lost()
    this.#dial('reconnect')
  }

  /** Disconnects and stays so. */
  close(): void {
    this.#leave('close', { attempts: 0 })
    this.#monitor.unwatch()
  }

  /** Ends the connection as if the server had closed it with 4401. */
  refuse(error: BindingError): void {
    this.#end('refused', 4401, error)
  }

  /** Sends a message if the connection is open. */
  send(request: Request): void {
    this.#transport.send(request)
  }

  /** The server has answered ping `n`. */
  pong(n: unknown): void {
    this.#monitor.pong(n)
  }

  /** The server is going away: reconnects after the wait it asked for, or stays away. */
  goAway(afterMs: number, reconnect: boolean): void {
    if (!reconnect) return this.#end('ended', 4503, new BindingError('unavailable', 'The server has shut down.'))
    this.#notBefore = Date.now() + afterMs
    this.#timer.start(() => this.#moveOn(), afterMs)
  }

  /** Moves on once every call is answered; new ones wait for the next server. This one closes if it takes too long. */
  #moveOn(): void {
    this.#isMovingOn = true
    if (this.#handlers.isBusy()) this.#timer.start(() => this.#moveOn(), LEAVE_CHECK_MS)
    else this.reconnect()
  }

  #after(event: ConnectionEvent): ConnectionStatus {
    const { status } = this.#state
    return CONNECTION[status][event] ?? status
  }

  #dial(event: 'connect' | 'reconnect' | 'lost'): void {
    this.#leave(event)
    this.#monitor.watch()
    this.#timer.start(() => this.#transport.drop('no answer to the handshake'), this.#options.connectTimeoutMs)
    this.#transport.open()
  }

  /** Ends what there is, if there is anything. */
  #leave(event: ConnectionEvent, change: Partial<ConnectionState> = {}): void {
    const status = this.#after(event)
    this.#isMovingOn = false
    this.#timer.stop()
    this.#stable.stop()
    this.#monitor.stop()
    this.#transport.close()
    this.update({ status, transport: null, latencyMs: null, nextRetryAt: null, ...change })
  }

  #opened(): void {
    if (this.#after('opened') !== 'open') return
    this.#timer.stop()
    this.#notBefore = 0
    this.#stable.start(() => this.#backoff.reset(), STABLE_MS)
    this.#entered()
  }

  /** Messages can be sent, by whatever carries them now. Requests by HTTP show by themselves whether the server is there. */
  #entered(): void {
    const { carrier: transport } = this.#transport
    this.#state = {
      ...this.#state,
      status: this.#after('opened'),
      transport,
      attempts: 0,
      nextRetryAt: null,
      hasEverConnected: true,
      lastError: null,
    }
    this.#handlers.opened()
    this.#listeners.emit() // to whom nothing of the connection before may count any more
    if (this.#options.heartbeat !== false && transport === 'ws') this.#monitor.start()
  }

  #received(messages: readonly Message[]): void {
    this.#monitor.heard()
    this.#handlers.received(messages)
  }

  #closed(code: number, reason: string, wasOpen: boolean): void {
    if (this.#after('lost') !== 'reconnecting') return
    const error = errorOfClose(code, reason, wasOpen)
    const mayReturn = !isFinal(code) || (code === 4401 && this.#handlers.mayRenew())
    if (!mayReturn) return this.#end(isRefusal(code) ? 'refused' : 'ended', code, error)
    const delayMs = Math.max(this.#backoff.nextDelayMs(), this.#notBefore - Date.now())
    const attempts = this.#state.attempts + 1
    this.#leave('lost', { attempts, lastError: error, nextRetryAt: Date.now() + delayMs })
    this.#timer.start(() => this.#dial('lost'), delayMs)
    this.#handlers.lost()
  }

  #end(event: 'refused' | 'ended', code: number, error: BindingError): void {
    this.#leave(event, { lastError: error, ...(event === 'refused' && { user: null }) })
    this.#handlers.refused(error, code)
  }

  #awake(): void {
    if (this.#state.nextRetryAt !== null) this.#dial('lost')
    else {
      this.#monitor.ping()
      this.#transport.awake?.()
    }
  }
}
