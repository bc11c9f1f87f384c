import { useMemo } from 'react'

/** The same object until a member of it changes: what it is given to as context or prop does not render without need. Always the same names. */
export function useSame<T extends object>(value: T): T {
  // biome-ignore lint/correctness/useExhaustiveDependencies: its members stand for it
  return useMemo(() => value, Object.values(value))
}

/** The same object until something in it changes, which may be any names. */
export function useSameFlags<T extends Readonly<Record<string, boolean>>>(value: T): T {
  const key = JSON.stringify(value)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the value
  return useMemo(() => value, [key])
}
