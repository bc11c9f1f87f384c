import { type RefObject, useEffect } from 'react'

/** At an element that has the focus: what takes it once that element is gone. */
export type Heir = (root: HTMLElement, focused: Element) => () => HTMLElement | null | undefined

/**
 * Where what has the focus goes away (a notice whose button was pressed or whose time is over, a row that is stored under another key),
 * the focus goes to its heir: it would be with the page as a whole else, and who uses the keyboard would begin at its top.
 *
 * @param heirOf one that stays the same
 */
export function useFocusKept(ref: RefObject<HTMLElement | null>, heirOf: Heir): void {
  useEffect(() => {
    const root = ref.current
    if (!root) return
    let focused: Element | null = null
    let heir: ReturnType<Heir> = () => null
    const came = ({ target }: FocusEvent): void => {
      focused = target as Element
      heir = heirOf(root, focused)
    }
    // Browsers say so of what is removed as well, before it is: only what is there afterwards was left.
    const left = (): void =>
      queueMicrotask(() => {
        if (focused?.isConnected && focused !== document.activeElement) focused = null
      })
    const observer = new MutationObserver(() => {
      if (!focused || focused.isConnected) return
      focused = null
      if (document.activeElement === document.body) heir()?.focus({ preventScroll: true })
    })
    observer.observe(root, { childList: true, subtree: true })
    root.addEventListener('focusin', came)
    root.addEventListener('focusout', left)
    return () => {
      observer.disconnect()
      root.removeEventListener('focusin', came)
      root.removeEventListener('focusout', left)
    }
  }, [ref, heirOf])
}
