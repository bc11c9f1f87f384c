import { useCallback, useEffect, useReducer, useRef } from 'react'

/**
 * A function that waits until React has drawn what has changed until now, and the effects of that have run.
 *
 * What a query was answered is told to its component by a timer of TanStack Query's: so first whatever timers are due, then one
 * more rendering. A component that goes meanwhile is drawn no more, and is not waited for.
 */
export function useDrawn(): () => Promise<void> {
  const [drawing, draw] = useReducer((count: number) => count + 1, 0)
  const waiting = useRef<(() => void)[]>([])
  const isThere = useRef(false)
  const release = useCallback(() => {
    for (const resolve of waiting.current.splice(0)) resolve()
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: each drawing ends the waiting for it
  useEffect(release, [drawing])
  useEffect(() => {
    isThere.current = true
    return () => {
      isThere.current = false
      release()
    }
  }, [release])
  return useCallback(async () => {
    await new Promise(resolve => setTimeout(resolve))
    if (!isThere.current) return
    await new Promise<void>(resolve => {
      waiting.current.push(resolve)
      draw()
    })
  }, [])
}
