import {
  notifyManager,
  type Query,
  type QueryClient,
  type QueryFunctionContext,
  type QueryKey,
} from '@tanstack/react-query'
import { BindingError, type ChannelsClient, type LiveHandle, type LiveState } from '../index.js'
import { type Overlay, Overlays } from './overlay.js'

/** Which live read a query shows. */
export interface LiveMeta extends Record<string, unknown> {
  readonly stream: string
  readonly action: string
  readonly params: unknown
}

interface Entry {
  readonly meta: LiveMeta
  readonly query: Query
  readonly handle: LiveHandle
}

const bridges = new WeakMap<ChannelsClient, WeakMap<QueryClient, LiveBridge>>()

const metaOf = (query: Query): LiveMeta | undefined => query.meta?.channels as LiveMeta | undefined

const goneError = (): BindingError => new BindingError('gone', 'This was deleted, or may no longer be seen.')

/**
 * Writes live reads into TanStack Query's cache: a query with observers keeps its read subscribed, one without does not.
 * What is written is the server's data with the pending changes of this user (`Overlays`) applied.
 */
export class LiveBridge {
  readonly client: ChannelsClient
  readonly queryClient: QueryClient
  readonly #entries = new Map<string, Entry>()
  readonly #overlays: Overlays = new Overlays()
  readonly #listeners = new Set<() => void>()
  #isSomebody: boolean

  private constructor(client: ChannelsClient, queryClient: QueryClient) {
    this.client = client
    this.queryClient = queryClient
    client.setNotifyBatch(callback => notifyManager.batch(callback))
    this.#isSomebody = client.getState().user !== null
    client.onState(() => this.#signedIn(client.getState().user !== null))
    queryClient.getQueryCache().subscribe(event => {
      if (event.type === 'removed') this.#release(event.query.queryHash)
      else this.#follow(event.query)
    })
  }

  /** The bridge of this client and cache: always the same one, so that StrictMode makes no second. */
  static of(client: ChannelsClient, queryClient: QueryClient): LiveBridge {
    const known = bridges.get(client) ?? new WeakMap<QueryClient, LiveBridge>()
    bridges.set(client, known)
    const bridge = known.get(queryClient) ?? new LiveBridge(client, queryClient)
    known.set(queryClient, bridge)
    return bridge
  }

  /** The query function of live queries: the state after the server's next answer. */
  readonly fetch = async ({ meta }: QueryFunctionContext<QueryKey>): Promise<unknown> => {
    const live = meta?.channels as LiveMeta
    const handle = this.#observe(live, () => undefined)
    try {
      const state = await handle.refresh()
      if (state.status === 'gone') throw goneError()
      return this.#overlays.over(live, state.data)
    } finally {
      handle.unsubscribe()
    }
  }

  /** Shows a change before the server confirms it; returns what takes it back, or leaves it to the server's own. */
  overlay(overlay: Overlay): () => void {
    const remove = this.#overlays.add(overlay)
    this.#redraw(overlay.stream)
    return () => {
      remove()
      this.#redraw(overlay.stream)
    }
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
    if (!meta) return
    const isHeld = this.#entries.has(query.queryHash)
    if (!query.isActive()) this.#release(query.queryHash)
    else if (!isHeld && query.state.status !== 'pending') this.#hold(query, meta)
  }

  #hold(query: Query, meta: LiveMeta): void {
    const hash = query.queryHash
    const handle = this.#observe(meta, state => this.#write(query, meta, state))
    this.#entries.set(hash, { meta, query, handle })
    this.#write(query, meta, handle.getSnapshot())
  }

  #release(hash: string): void {
    const entry = this.#entries.get(hash)
    if (!entry) return
    this.#entries.delete(hash)
    entry.handle.unsubscribe()
    this.#notify()
  }

  #write(query: Query, meta: LiveMeta, state: LiveState): void {
    if (state.status === 'success') this.#show(query, meta, state.data)
    else if (state.status === 'gone') this.#fail(query, goneError())
    else if (state.status === 'error' && state.error) this.#fail(query, state.error)
    this.#notify()
  }

  #show(query: Query, meta: LiveMeta, data: unknown): void {
    const shown = this.#overlays.over(meta, data)
    if (shown !== query.state.data || query.state.status !== 'success') query.setData(shown, { manual: true })
  }

  #fail(query: Query, error: BindingError): void {
    const { state } = query
    if (state.status === 'error' && state.error instanceof BindingError && state.error.code === error.code) return
    query.setState({ status: 'error', error, data: undefined })
  }

  /** Somebody has signed in: calls that were refused before are made again. Live reads are the client's. */
  #signedIn(isSomebody: boolean): void {
    const isNew = isSomebody && !this.#isSomebody
    this.#isSomebody = isSomebody
    if (!isNew) return
    const wasRefused = (query: Query): boolean =>
      query.queryKey[0] === 'channels' &&
      !metaOf(query) &&
      query.state.error instanceof BindingError &&
      query.state.error.code === 'unauthenticated'
    void this.queryClient.refetchQueries({ type: 'active', predicate: wasRefused })
  }

  #redraw(stream: string): void {
    notifyManager.batch(() => {
      for (const { meta, query, handle } of this.#entries.values())
        if (meta.stream === stream) this.#write(query, meta, handle.getSnapshot())
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
