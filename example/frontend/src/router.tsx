import { type AnchorHTMLAttributes, forwardRef, type JSX, type MouseEvent, useSyncExternalStore } from 'react'

/** Goes to an address of this page without loading it anew; "back" comes back. */
export function go(path: string): void {
  history.pushState(null, '', path)
  dispatchEvent(new PopStateEvent('popstate'))
  scrollTo(0, 0)
}

const subscribe = (callback: () => void): (() => void) => {
  addEventListener('popstate', callback)
  return () => removeEventListener('popstate', callback)
}

/** The path of the address, without a slash at its end: `/tickets/7`, and `/` for the first page. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname.replace(/(.)\/$/, '$1'))
}

/** A link to an address of this page: a real one, so that it can be copied and opened in a new tab. */
export const Link = forwardRef<HTMLAnchorElement, AnchorHTMLAttributes<HTMLAnchorElement> & { readonly href: string }>(
  function Link({ href, onClick, ...props }, ref): JSX.Element {
    const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
      onClick?.(event)
      if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
        return
      event.preventDefault()
      go(href)
    }
    return <a ref={ref} href={href} onClick={follow} {...props} />
  },
)
