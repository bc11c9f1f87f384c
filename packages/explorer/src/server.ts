import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { useExplorer } from './context'

/** A stream in the list. */
export interface ListedStream {
  readonly stream: string
  /** What its rows are called; the stream's name where it has none. */
  readonly label: string
  /** Whether it has rows. */
  readonly model: boolean
}

/** Something that a stream answers, and that this user may ask. */
export interface OfferedAction {
  readonly name: string
  readonly method: string
  /** Whether it is one of the package's own. */
  readonly builtin: boolean
  /** Whether its answer can stay live. */
  readonly live: boolean
  readonly doc: string
  /** Data that a handler may be sent, as its annotation says it. */
  readonly data: Readonly<Record<string, unknown>>
}

/** What is offered of one stream. */
export interface OfferedStream extends ListedStream {
  readonly doc: string
  readonly actions: readonly OfferedAction[]
  /** The class that serves it, and what it says of itself; for the staff. */
  readonly binding?: Readonly<Record<string, string | readonly string[]>>
}

/** The figures of the server process that has answered. */
export interface Figures {
  readonly process: number
  readonly at: number
  readonly connections: number
  readonly users: number
  readonly live_reads: number
  readonly groups: number
  readonly held_bytes: number
  readonly received: number
  readonly sent: number
  readonly evaluations: number
  readonly whole_evaluations: number
  readonly statements: number
  readonly milliseconds: number
  readonly largest: readonly {
    readonly stream: string
    readonly action: string
    readonly readers: number
    readonly took_ms: number
    readonly statements: number
    readonly whole: boolean
  }[]
}

/** What the server has refused, in its words. */
export class ServerError extends Error {}

/** JSON from below `explorer/`. */
export async function ask<T>(path: string): Promise<T> {
  const response = await fetch(path, { credentials: 'same-origin', headers: { Accept: 'application/json' } })
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return body as T
  throw new ServerError(
    (body as { message?: string } | undefined)?.message ?? `The server has answered ${response.status}.`,
  )
}

/** The streams that this user may see. */
export function useStreams(): UseQueryResult<{ readonly streams: readonly ListedStream[] }, Error> {
  return useServer('streams/')
}

/** What is offered of one stream. */
export function useStream(stream: string): UseQueryResult<OfferedStream, Error> {
  return useServer(`streams/${encodeURIComponent(stream)}/`)
}

/** How a stream's list is read for this user, and by what it can change. */
export function useExplanation(stream: string, data: string): UseQueryResult<Readonly<Record<string, unknown>>, Error> {
  return useServer(`explain/?${new URLSearchParams({ stream, data })}`)
}

function useServer<T>(path: string): UseQueryResult<T, Error> {
  const { config } = useExplorer()
  return useQuery<T, Error>({ queryKey: ['explorer', path, config.user], queryFn: () => ask<T>(path), retry: 1 })
}
