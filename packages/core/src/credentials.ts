import { Timer } from './timer.js'

/** A token, or where to get one: asked each time the client connects, and before a token is over. */
export type TokenSource = string | (() => string | null | Promise<string | null>)

/** How the client says who it is. */
export interface CredentialsOptions {
  readonly token: TokenSource | undefined
  /** Sends the server a new token while the connection is open. */
  renew(token: string): Promise<unknown>
}

/** A token is renewed this long before its end, in milliseconds, or after four fifths of its time if that is shorter. */
const LEAD_MS = 30_000
const SHORTEST_MS = 1_000

/**
 * Knows the token, where to get the next one, and when it is time for it.
 * Knows nothing of sockets or of what the server makes of a token.
 */
export class Credentials {
  readonly #options: CredentialsOptions
  #token: string | null = null
  #given: string | null = null
  #offered: string | null = null
  readonly #timer = new Timer()
  #mayRenew = false

  constructor(options: CredentialsOptions) {
    this.#options = options
  }

  /** The token as it was last resolved; `null` for none. */
  get token(): string | null {
    return this.#token
  }

  /** Gets the token for the next handshake. */
  async resolve(): Promise<string | null> {
    this.#token = this.#given ?? (await this.#next())
    return this.#token
  }

  /** This token is about to be sent; whether the server takes it is not known yet. */
  offer(token: string): void {
    this.#offered = token
  }

  /** From now on this token counts, until the server no longer takes it. */
  give(token: string): void {
    this.#given = token
    this.#token = token
  }

  /** The server has accepted the token, for so many seconds. */
  accepted(expiresInSeconds: unknown): void {
    this.#mayRenew = typeof this.#options.token === 'function'
    this.#timer.stop()
    if (!this.#mayRenew || typeof expiresInSeconds !== 'number') return
    const ms = expiresInSeconds * 1_000
    const delayMs = Math.max(SHORTEST_MS, ms - Math.min(LEAD_MS, ms / 5))
    this.#timer.start(() => void this.#renew(), delayMs)
  }

  /** The server does not take the token: whether another one may be had. Once, until one is accepted. */
  mayRenew(): boolean {
    const may = this.#mayRenew
    this.#mayRenew = false
    this.#given = null
    return may
  }

  /** The connection is gone: nothing is to be renewed. */
  stop(): void {
    this.#timer.stop()
  }

  /** A text that may be shown: without the token, and without one that was sent to take its place. */
  redact(text: string): string {
    const secrets = [this.#token, this.#offered].filter(token => token !== null && token !== '')
    return secrets.reduce<string>((shown, token) => shown.replaceAll(JSON.stringify(token).slice(1, -1), '***'), text)
  }

  async #next(): Promise<string | null> {
    const { token } = this.#options
    return typeof token === 'function' ? token() : (token ?? null)
  }

  /** A renewal that fails is left to the end of the old token: the client then connects anew. */
  async #renew(): Promise<void> {
    try {
      const token = await this.#next()
      this.#given = null
      this.#token = token
      if (token !== null) await this.#options.renew(token)
    } catch {
      // the server closes with 4401 when the old token is over
    }
  }
}
