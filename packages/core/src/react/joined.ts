interface Running {
  readonly promise: Promise<unknown>
  readonly ending: AbortController
  holders: number
}

const running = new WeakMap<object, Map<string, Running>>()

/**
 * What is under way for this key, or begins now: it is given up once nobody waits for it any more. A component that is mounted twice
 * in a row, as StrictMode does, lets go and takes hold again within one turn.
 */
export function joined<T>(
  owner: object,
  key: string,
  signal: AbortSignal,
  begin: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const known = running.get(owner) ?? new Map<string, Running>()
  running.set(owner, known)
  const one = known.get(key) ?? begun(known, key, begin)
  one.holders++
  return new Promise<T>((resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason)
      setTimeout(() => --one.holders || one.ending.abort(), 0)
    })
    one.promise.then(value => resolve(value as T), reject)
  })
}

function begun(known: Map<string, Running>, key: string, begin: (signal: AbortSignal) => Promise<unknown>): Running {
  const ending = new AbortController()
  const promise = begin(ending.signal).finally(() => known.delete(key))
  promise.catch(() => undefined)
  const one = { promise, ending, holders: 0 }
  known.set(key, one)
  return one
}
