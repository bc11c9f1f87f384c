import { useCallback, useEffect, useState } from 'react'
import { LONGEST_MS } from '../timer.js'

/** The value as it was when it last stood still for `delayMs` milliseconds. */
export function useDebounced<T>(value: T, delayMs = 300): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), Math.min(delayMs, LONGEST_MS))
    return () => clearTimeout(timer)
  }, [value, delayMs])
  return settled
}

/** A flag, and what turns it over; called with a boolean, it sets it. */
export function useToggle(initial = false): [isOn: boolean, toggle: (on?: boolean) => void] {
  const [isOn, setOn] = useState(initial)
  const toggle = useCallback((on?: boolean) => setOn(was => (typeof on === 'boolean' ? on : !was)), [])
  return [isOn, toggle]
}

/** A value, what sets it, and what it was when it last stood still for `delayMs` milliseconds. */
export function useDebouncedState<T>(initial: T, delayMs = 300): [value: T, set: (value: T) => void, settled: T] {
  const [value, set] = useState(initial)
  return [value, set, useDebounced(value, delayMs)]
}
