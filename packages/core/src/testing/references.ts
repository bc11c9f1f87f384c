import { BindingError } from '../errors.js'

/** `{"$ref": "made.id"}` anywhere in `value` → what the operation named `made` has answered. */
export function resolved(value: unknown, named: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map(member => resolved(member, named))
  if (typeof value !== 'object' || value === null) return value
  const reference = '$ref' in value && Object.keys(value).length === 1 ? String(value.$ref) : ''
  if (/^[A-Za-z_]\w*(\.\w+)+$/.test(reference)) return referred(reference, named)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolved(member, named)]))
}

function referred(reference: string, named: ReadonlyMap<string, unknown>): unknown {
  const [name, ...path] = reference.split('.')
  let found = named.get(name as string)
  for (const part of path) found = (found as Record<string, unknown> | undefined)?.[part]
  if (found === undefined) throw new BindingError('invalid', `Nothing is known by '${reference}'.`)
  return found
}
