import { useSyncExternalStore } from 'react'

/** How somebody wants to see the page, beside light and dark. */
export interface Look {
  readonly isRightToLeft: boolean
  readonly hasHighContrast: boolean
}

const KEY = 'help-desk:look'
const listeners = new Set<() => void>()

/** What was chosen before; else what the system asks for. */
function stored(): Look {
  const hasHighContrast = matchMedia('(prefers-contrast: more)').matches
  try {
    return { isRightToLeft: false, hasHighContrast, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') }
  } catch {
    return { isRightToLeft: false, hasHighContrast }
  }
}

let look = stored()

/** Changes some of it; the browser remembers the choice where it may. */
export function setLook(change: Partial<Look>): void {
  look = { ...look, ...change }
  try {
    localStorage.setItem(KEY, JSON.stringify(look))
  } catch {}
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** How the page is to be seen. */
export const useLook = (): Look => useSyncExternalStore(subscribe, () => look)
