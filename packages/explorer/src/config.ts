/** What the server says of itself, in the page. */
export interface Config {
  /** Where the HTTP API is; ends with a slash. */
  readonly api: string
  /** Paths at which the socket may be, the likeliest first. */
  readonly sockets: readonly string[]
  /** The name of who is signed in. */
  readonly user: string | null
  readonly isStaff: boolean
  /** Where to sign in; `null` where the project has no such page. */
  readonly signIn: string | null
  readonly docs: string | null
  readonly admin: string | null
  readonly version: string
}

/** What the page was made with. */
export function readConfig(): Config {
  const root = document.getElementById('root')
  return JSON.parse(root?.dataset.config ?? '{}') as Config
}

/** The word by which the page's Content-Security-Policy knows our styles. */
export function readNonce(): string | undefined {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce || undefined
}
