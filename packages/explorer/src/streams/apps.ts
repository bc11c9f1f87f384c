import type { ListedStream } from '../server'

/** Where streams stand whose names have no dot. */
const WITHOUT_APP = 'others'

/** Streams whose name or label holds the text, by the word before their first dot; in alphabetical order. */
export function byApp(
  streams: readonly ListedStream[],
  text: string,
): readonly (readonly [app: string, members: readonly ListedStream[]])[] {
  const wanted = text.trim().toLowerCase()
  const apps = new Map<string, ListedStream[]>()
  for (const each of streams) {
    if (!`${each.stream} ${each.label}`.toLowerCase().includes(wanted)) continue
    const app = each.stream.includes('.') ? each.stream.split('.')[0]! : WITHOUT_APP
    apps.set(app, [...(apps.get(app) ?? []), each])
  }
  return [...apps].sort(([a], [b]) => a.localeCompare(b))
}
