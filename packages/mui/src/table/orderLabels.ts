import type { TableWorld } from './context.js'

/** What rows can be ordered by, and what it is called. */
export function orderLabels({ columns, description }: TableWorld): ReadonlyMap<string, string> {
  const labels = new Map(description?.fields.map(field => [field.name, field.label]))
  for (const { field, headerName = field } of columns) labels.set(field, headerName)
  const names = (description?.ordering ?? []).filter(name => labels.has(name))
  return new Map(names.map(name => [name, labels.get(name) as string]))
}
