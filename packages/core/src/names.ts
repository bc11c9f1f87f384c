/** The actions that read, and can stay live. */
export const READS: ReadonlySet<string> = new Set(['retrieve', 'search', 'list', 'aggregate', 'presence'])

/** The parts of an event name: `app.Order.search#h1` → `{stream: 'app.Order', action: 'search', hash: 'h1'}`. */
export interface EventParts {
  readonly stream: string
  readonly action: string
  readonly hash: string | null
}

/** Takes an event name apart: the hash follows the first `#`, the action the last dot before it. */
export function parseEvent(event: string): EventParts {
  const sharp = event.indexOf('#')
  const name = sharp < 0 ? event : event.slice(0, sharp)
  const dot = name.lastIndexOf('.')
  return {
    stream: dot < 0 ? '' : name.slice(0, dot),
    action: name.slice(dot + 1),
    hash: sharp < 0 ? null : event.slice(sharp + 1),
  }
}

/** Puts an event name together. */
export function eventName(stream: string, action: string, hash?: string | null): string {
  return hash ? `${stream}.${action}#${hash}` : `${stream}.${action}`
}

/** JSON with the keys in order, so that equal parameters give equal text: `{b: 1, a: 2}` → `{"a":2,"b":1}`. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
