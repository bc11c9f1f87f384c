import { useCallback, useMemo, useState } from 'react'
import { changeAddress, readValue, useAddress, writeValue } from './address.js'

/** A dialog whose being open stands in the address. */
export interface UrlModal<Id extends string | number> {
  readonly open: boolean
  /** The row that it was opened for last; `null` where it was for none. */
  readonly id: Id | null
  /** Opens it, for a row where a key is given (that of a table's row, `row.id`, is of either kind); "back" closes it. */
  readonly onOpen: (id?: string | number) => void
  readonly onClose: () => void
}

/** Which dialog a step of the history has opened. */
const MARK = 'channels-binding:modal'

/**
 * Keeps in the address whether a dialog is open, and for which row: `?edit=7`, `?new=`. A link opens it, and "back" closes it.
 *
 * `const edit = useUrlModal('edit')` → `<UpdateModal {...edit} binding="shop.Product" />`
 */
export function useUrlModal<Id extends string | number = number>(name: string): UrlModal<Id> {
  const text = new URLSearchParams(useAddress()).get(name)
  // While it fades out, it shows what it has shown.
  const [last, setLast] = useState(text)
  if (text !== null && text !== last) setLast(text)
  const onOpen = useCallback(
    (id?: string | number): void => {
      const state = { ...window.history.state, [MARK]: name }
      changeAddress(searchWith(name, id === undefined ? '' : writeValue(id)), 'push', state)
    },
    [name],
  )
  const onClose = useCallback((): void => {
    if (!new URLSearchParams(window.location.search).has(name)) return
    // The step that opened it is taken back; who came by a link has none, and stays on the page.
    if (window.history.state?.[MARK] === name) window.history.back()
    else changeAddress(searchWith(name, null), 'replace')
  }, [name])
  return useMemo(() => {
    const shown = text ?? last
    return { open: text !== null, id: shown ? (readValue(shown) as Id) : null, onOpen, onClose }
  }, [text, last, onOpen, onClose])
}

function searchWith(name: string, value: string | null): string {
  const params = new URLSearchParams(window.location.search)
  if (value === null) params.delete(name)
  else params.set(name, value)
  const search = params.toString()
  return search && `?${search}`
}
