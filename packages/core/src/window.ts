import type { Message } from './types.js'

type Row = Readonly<Record<string, unknown>>

/** What one live read shows: its data, and an etag for each row in the same order. Never changed in place. */
export interface Window {
  readonly data: Row
  readonly v: string | null
  /** One for each row of a list; empty for a single row, whose etag is `v`. */
  readonly etags: readonly string[]
}

/** Whether what is shown are rows, and not a single one. */
export const isList = (data: unknown): data is Row & { readonly rows: readonly Row[] } =>
  Array.isArray((data as Row | null)?.rows)

/** What a snapshot shows, where nothing was shown before. */
export const windowOf = ({ data, v, etags = [] }: Message): Window => ({
  data: (data ?? {}) as Row,
  v: v ?? null,
  etags,
})
