import { useCallback, useEffect, useState } from 'react'

/** The value as it was when it last stood still for `delayMs` milliseconds. */
export function useDebounced<T>(value: T, delayMs = 300): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs)
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
