import { createContext, useContext, useMemo } from 'react'
import type { ConflictTexts } from '../conflictTexts.js'
import type { FilterTexts } from '../filters/texts.js'
import type { FormsetTexts } from '../form/formsetTexts.js'
import type { FormTexts } from '../form/formTexts.js'
import type { ModalTexts } from '../modalTexts.js'
import type { StatusTexts } from '../statusTexts.js'
import type { TableTexts } from '../table/texts.js'

/** What the components say themselves, in one language; labels, help, choices and errors come from the server. */
export interface Texts {
  readonly table: TableTexts
  readonly form: FormTexts
  readonly formset: FormsetTexts
  readonly filters: FilterTexts
  readonly modals: ModalTexts
  readonly conflict: ConflictTexts
  readonly status: StatusTexts
}

/** Texts of some components, each of them whole or in part. */
export type SomeTexts = { readonly [K in keyof Texts]?: Partial<Texts[K]> }

/** The texts of the page's language; English where there are none. */
export const TextsContext: React.Context<SomeTexts> = createContext<SomeTexts>({})

/** What a component says: its English, in the page's language, with what it is given itself. */
export function useTexts<K extends keyof Texts>(kind: K, english: Texts[K], given?: Partial<Texts[K]>): Texts[K] {
  const ofPage = useContext(TextsContext)[kind]
  return useMemo(() => ({ ...english, ...said(ofPage), ...said(given) }), [english, ofPage, given])
}

/** Without what is `undefined`, which takes the place of nothing: `texts={{ save: isNew ? 'Add' : undefined }}`. */
const said = <T extends object>(texts: Partial<T> | undefined): Partial<T> =>
  Object.fromEntries(Object.entries(texts ?? {}).filter(([, text]) => text !== undefined)) as Partial<T>
