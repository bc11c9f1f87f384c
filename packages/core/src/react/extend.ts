/**
 * A result with further members. The result itself is neither copied nor changed: TanStack Query notes which of its
 * members are read, and a copy would read them all.
 */
export function extend<T extends object, E extends object>(result: T, extras: E): T & E {
  const homeOf = (target: T, key: PropertyKey): object => (Object.hasOwn(extras, key) ? extras : target)
  return new Proxy(result, {
    get: (target, key) => Reflect.get(homeOf(target, key), key),
    has: (target, key) => Reflect.has(homeOf(target, key), key),
    ownKeys: target => [...new Set([...Reflect.ownKeys(target), ...Reflect.ownKeys(extras)])],
    getOwnPropertyDescriptor: (target, key) => Reflect.getOwnPropertyDescriptor(homeOf(target, key), key),
  }) as T & E
}
