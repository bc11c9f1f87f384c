import { createContext } from 'react'

/** Why the server refused what was typed, by cell (`cellKey`). */
export type CellErrors = Readonly<Record<string, string>>

/** A context, so that an error renders the cell that it belongs to. */
export const CellErrorsContext: React.Context<CellErrors> = createContext<CellErrors>({})
