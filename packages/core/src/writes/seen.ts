import type { ChannelsClient } from '../client.js'
import { isList } from '../window.js'

/** A row as it is shown, and its version. */
export interface Seen {
  readonly row: Readonly<Record<string, unknown>>
  readonly v: string
}

/**
 * A row as a live read shows it with all of its fields, and its version; `null` where none does:
 * `client.update('shop.Order', 7, { amount }, { ifVersion: seen(client, 'shop.Order', 7)?.v })`.
 */
export function seen({ shown }: Pick<ChannelsClient, 'shown'>, stream: string, id: string | number): Seen | null {
  for (const { spec, window } of shown) {
    const { fields, params, expand } = (spec.params ?? {}) as Readonly<Record<string, unknown>>
    if (!window || spec.stream !== stream || fields || params || expand) continue
    const { data, v, etags } = window
    const [rows, versions] = isList(data) ? [data.rows, etags] : [[data], [v]]
    const index = rows.findIndex(row => row.id === id)
    const [row, version] = [rows[index], versions[index]]
    if (row && version) return { row, v: version }
  }
  return null
}
