/** An empty list, always the same one. */
export const NONE: readonly never[] = Object.freeze([])

/**
 * A result with further members. Each member is read off the result when it is read here, and not before: TanStack Query notes
 * which of them are, and a copy would read them all.
 */
export function extend<T extends object, E extends object>(result: T, extras: E): T & E {
  const members = Object.keys(result).map(name => [
    name,
    { enumerable: true, configurable: true, get: () => result[name as keyof T] },
  ])
  return Object.defineProperties(
    {},
    { ...Object.fromEntries(members), ...Object.getOwnPropertyDescriptors(extras) },
  ) as T & E
}
