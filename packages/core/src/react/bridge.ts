import {
  hashKey,
  notifyManager,
  type Query,
  type QueryClient,
  type QueryFunctionContext,
  type QueryKey,
} from '@tanstack/react-query'
import { BindingError, type ChannelsClient, type LiveHandle, type LiveState } from '../index.js'
import { type PendingWrite, Writes } from '../writes/index.js'
import { type Held, heldBetween, NOTHING_HELD } from './held.js'
import { serverOf } from './named.js'
import { type Overlay, Overlays } from './overlay.js'

/** How changes arrive: at once, held back until `show()`, or by asking again. */
export type LiveMode = true | 'notify' | 'refetch'

/** Which live read a query shows. */
export interface LiveMeta extends Record<string, unknown> {
  readonly stream: string
  /** The name of the client that it is asked of, unless that has none. */
  readonly server?: string
  readonly action: string
  readonly params: unknown
  /** @default true */
  readonly mode?: LiveMode
}

interface Entry {
  readonly meta: LiveMeta
  readonly query: Query
  readonly handle: LiveHandle
  /** What is shown of the server's, where changes are held back. */
  shown: unknown
  held: Held
}

const bridges = new WeakMap<ChannelsClient, WeakMap<QueryClient, Map<string, LiveBridge>>>()

const metaOf = (query: Query): LiveMeta | undefined => query.meta?.channels as LiveMeta | undefined

/** Time in milliseconds over which pages ask again that are told the same at once, when a group changes. */
const MOST_DELAY_MS = 500

/** How long a change that the server has confirmed stays over what it was made of, where the server's own does not come. */
const SETTLED_MS = 2_000

const isOfPermissions = ({ queryKey }: Query): boolean => queryKey[2] === 'describe' || queryKey[2] === 'form'

const wasRefused = ({ state }: Query): boolean => (state.error as BindingError | null)?.code === 'unauthenticated'

const isShown = ({ isOptimistic, state }: PendingWrite): boolean => isOptimistic && state !== 'refused'

function overlayOf({ stream, id, key, action, values }: PendingWrite): Overlay {
  if (id === null) return { stream, id: `new:${key}`, values, fate: 'made' }
  return { stream, id, values, fate: action === 'delete' ? 'deleted' : 'changed' }
}

/** The promise, unless the signal ends the wait for it first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
    promise.then(resolve, reject)
  })
}

const goneError = (): BindingError =>
  new BindingError('gone', 'This was deleted, or may no longer be seen.', { status: 410 })

/**
 * Writes live reads into TanStack Query's cache: a query with observers keeps its read subscribed, one without does not.
 * What is written is the server's data with the pending changes of this user (`Overlays`) applied.
 */
export class LiveBridge {
  readonly client: ChannelsClient
  readonly queryClient: QueryClient
  /** The name that its queries know the client by; `''` for none. */
  readonly server: string
  readonly #entries = new Map<string, Entry>()
  readonly #overlays: Overlays = new Overlays()
  /** What takes the shown change of a pending write back, by its key. */
  readonly #shown = new Map<string, (isMade: boolean) => void>()
  readonly #listeners = new Set<() => void>()
  #asking: ReturnType<typeof setTimeout> | undefined
  #holders = 0
  #endings: (() => void)[] = []

  private constructor(client: ChannelsClient, queryClient: QueryClient, server: string) {
    this.client = client
    this.queryClient = queryClient
    this.server = server
  }

  /** Keeps queries live for as long as somebody wants it; returns what lets go. */
  retain(): () => void {
    if (this.#holders++ === 0) this.#begin()
    let isHeld = true
    return () => {
      if (isHeld && --this.#holders === 0) this.#end()
      isHeld = false
    }
  }

  #begin(): void {
    const { client, queryClient } = this
    const writes = Writes.of(client)
    client.setNotifyBatch(callback => notifyManager.batch(callback))
    const cache = queryClient.getQueryCache()
    this.#endings = [
      writes.subscribe(() => this.#showWrites(writes)),
      client.onPermissions(() => this.#permissionsChanged()),
      cache.subscribe(event => {
        if (event.type === 'removed') this.#release(event.query.queryHash)
        else this.#follow(event.query)
      }),
    ]
    this.#showWrites(writes)
    for (const query of cache.getAll()) this.#follow(query)
  }

  #end(): void {
    for (const end of this.#endings.splice(0)) end()
    for (const hash of [...this.#entries.keys()]) this.#release(hash)
    clearTimeout(this.#asking)
    this.#asking = undefined
  }

  /** The bridge of this client, by this name, and cache: always the same one, so that StrictMode makes no second. */
  static of(client: ChannelsClient, queryClient: QueryClient, server = ''): LiveBridge {
    const known = bridges.get(client) ?? new WeakMap<QueryClient, Map<string, LiveBridge>>()
    bridges.set(client, known)
    const byName = known.get(queryClient) ?? new Map<string, LiveBridge>()
    known.set(queryClient, byName)
    const bridge = byName.get(server) ?? new LiveBridge(client, queryClient, server)
    byName.set(server, bridge)
    return bridge
  }

  /** The query function of live queries: the state after the server's next answer. */
  readonly fetch = async ({ meta, queryKey, signal }: QueryFunctionContext<QueryKey>): Promise<unknown> => {
    const live = meta?.channels as LiveMeta
    const handle = this.#observe(live, () => undefined)
    try {
      const state = await unlessAborted(handle.refresh(), signal)
      if (state.status === 'gone') throw goneError()
      this.show(hashKey(queryKey))
      return this.#overlays.over(live, state.data)
    } finally {
      handle.unsubscribe()
    }
  }

  /** Shows a change before the server confirms it; returns what takes it back, or (`true`) leaves it to the server's own. */
  overlay(overlay: Overlay): (isMade?: boolean) => void {
    const remove = this.#overlays.add(overlay)
    this.#redraw(overlay.stream)
    this.#overlays.drawn(overlay)
    return (isMade = false) => {
      // Where changes are held back, one that was made is a part of what is shown.
      for (const entry of this.#entries.values())
        if (isMade) entry.shown = this.#overlays.over(entry.meta, entry.shown, [overlay])
      remove()
      this.#redraw(overlay.stream, !isMade)
    }
  }

  /** Shows a write until it has ended: one that was made until the server's own change is there, which a busy server sends later. */
  #showWrite(write: PendingWrite): (isMade: boolean) => void {
    const overlay = overlayOf(write)
    const takeBack = this.overlay(overlay)
    return isMade => {
      if (!isMade || overlay.fate === 'made') return takeBack()
      this.#overlays.confirm(overlay)
      this.#redraw(overlay.stream)
      setTimeout(takeBack, SETTLED_MS, true)
    }
  }

  /** What is held back of a query, with `live: 'notify'`; the same object until it changes. */
  held(queryHash: string): Held {
    return this.#entries.get(queryHash)?.held ?? NOTHING_HELD
  }

  /** Shows what is held back of a query. */
  show(queryHash: string): void {
    const entry = this.#entries.get(queryHash)
    if (entry?.meta.mode === 'notify') this.#write(entry, entry.handle.getSnapshot(), true)
  }

  /** Whether changes of this query arrive right now. */
  isLive(queryHash: string): boolean {
    return this.#entries.get(queryHash)?.handle.getSnapshot().isLive ?? false
  }

  /** Calls back when `isLive` may have changed. */
  readonly onLive = (callback: () => void): (() => void) => {
    this.#listeners.add(callback)
    return () => this.#listeners.delete(callback)
  }

  /** Whether a query should hold its read: it is a live one, somebody looks, and the first fetch has ended. */
  #follow(query: Query): void {
    const meta = metaOf(query)
    if (!meta || (meta.server ?? '') !== this.server) return
    const isHeld = this.#entries.has(query.queryHash)
    if (!query.isActive()) this.#release(query.queryHash)
    else if (!isHeld && query.state.status !== 'pending') this.#hold(query, meta)
  }

  #hold(query: Query, meta: LiveMeta): void {
    const hash = query.queryHash
    const handle = this.#observe(meta, state => this.#changed(entry, state))
    const entry: Entry = { meta, query, handle, shown: undefined, held: NOTHING_HELD }
    this.#entries.set(hash, entry)
    this.#write(entry, handle.getSnapshot(), true)
  }

  /** The server has pushed a change. */
  #changed(entry: Entry, state: LiveState): void {
    if (entry.meta.mode !== 'refetch' || state.status !== 'success') return this.#write(entry, state)
    if (state.data !== entry.shown) void entry.query.fetch().catch(() => undefined)
    this.#notify()
  }

  #release(hash: string): void {
    const entry = this.#entries.get(hash)
    if (!entry) return
    this.#entries.delete(hash)
    entry.handle.unsubscribe()
    this.#notify()
  }

  #write(entry: Entry, state: LiveState, isShown = entry.meta.mode !== 'notify'): void {
    const { query } = entry
    if (state.status === 'success') this.#show(entry, state.data, isShown || query.state.data === undefined)
    else if (state.status === 'gone') this.#fail(query, goneError())
    else if (state.status === 'error' && state.error) this.#fail(query, state.error)
    this.#notify()
  }

  #show(entry: Entry, data: unknown, isShown: boolean): void {
    const { query, meta } = entry
    if (isShown || entry.shown === undefined) entry.shown = data
    entry.held = isShown ? NOTHING_HELD : heldBetween(entry.shown, data, entry.held)
    const shown = this.#overlays.over(meta, entry.shown)
    if (shown !== query.state.data || query.state.status !== 'success') query.setData(shown, { manual: true })
  }

  #fail(query: Query, error: BindingError): void {
    const { state } = query
    if (state.status === 'error' && state.error instanceof BindingError && state.error.code === error.code) return
    query.setState({ status: 'error', error, data: undefined })
  }

  /** Shows the writes that are not confirmed, and takes back those that have ended. */
  #showWrites({ getSnapshot, madeNow }: Writes): void {
    const writes = getSnapshot()
    const wanted = new Map(writes.filter(isShown).map(write => [write.key, write]))
    notifyManager.batch(() => {
      for (const [key, end] of this.#shown) {
        if (wanted.has(key)) continue
        this.#shown.delete(key)
        end(key === madeNow)
      }
      for (const [key, write] of wanted) if (!this.#shown.has(key)) this.#shown.set(key, this.#showWrite(write))
    })
  }

  /** What the user may do may have changed: what says so is asked again, and what was refused to somebody unknown. */
  #permissionsChanged(): void {
    this.#askAgain(wasRefused)
    this.#asking ??= setTimeout(() => {
      this.#asking = undefined
      this.#askAgain(isOfPermissions)
    }, Math.random() * MOST_DELAY_MS)
  }

  /** Asks again for those of this client's calls that are so. */
  #askAgain(is: (query: Query) => boolean): void {
    const isOwn = (query: Query): boolean => !metaOf(query) && serverOf(query.queryKey[1] as string) === this.server
    void this.queryClient.invalidateQueries({ queryKey: ['channels'], predicate: query => is(query) && isOwn(query) })
  }

  /** A change of the user's own is shown, or was confirmed or refused: what is held back is shown with it. */
  #redraw(stream: string, isShown = true): void {
    notifyManager.batch(() => {
      for (const entry of this.#entries.values())
        if (entry.meta.stream === stream) this.#write(entry, entry.handle.getSnapshot(), isShown || undefined)
    })
  }

  #observe({ stream, action, params }: LiveMeta, observer: (state: LiveState) => void): LiveHandle {
    const { client } = this
    const live = client.live.bind(client) as (...args: [string, string, unknown, typeof observer]) => LiveHandle
    return live(stream, action, params, observer)
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
