import { createContext } from 'react'

/** A column of which the filters are asked for. */
export interface HeaderFilter {
  readonly field: string
  readonly names: readonly string[]
}

/** Opens the filters of a column; a context, for the grid's menus get no props of ours. */
export const HeaderFilterContext: React.Context<(asked: HeaderFilter) => void> = createContext<
  (asked: HeaderFilter) => void
>(() => undefined)
