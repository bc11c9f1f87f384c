import { BindingError } from '../errors.js'
import { canonical, parseEvent } from '../names.js'
import type { Request } from '../types.js'
import { etagOf } from './page.js'
import type { FakeTable } from './table.js'

interface Kept {
  readonly asked: string
  readonly reply: unknown
}

/** The replies to writes with a key: each is made once. */
export class KeptReplies {
  readonly #kept = new Map<string, Kept>()

  /** The reply that was kept for this request, or the one that `work` gives, which is kept. */
  of(request: Request, work: () => unknown): unknown {
    const { key, event, data, if: version } = request
    if (key === undefined) return work()
    const asked = canonical([event, data, version ?? null])
    const kept = this.#kept.get(key)
    if (kept && kept.asked !== asked) throw new BindingError('conflict', 'This key was used for another write.')
    const reply = kept ? kept.reply : work()
    if (isMade(reply)) this.#kept.set(key, { asked, reply })
    return reply
  }
}

/** Whether something was written: a form that does not validate leaves its key free. */
const isMade = (reply: unknown): boolean => (reply as { data?: { success?: unknown } }).data?.success !== false

/** Refuses to write a row that is no longer as the writer has seen it. */
export function checkVersion(table: FakeTable, { event, data, if: version }: Request): void {
  const { id } = (data ?? {}) as { id?: unknown }
  if (version === undefined || id === undefined || parseEvent(event).action === 'create') return
  const current = table.find(id)
  const v = etagOf(current)
  if (v !== version) throw new BindingError('precondition_failed', 'The row has changed.', { current, v })
}
