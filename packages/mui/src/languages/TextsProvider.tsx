'use client'

import { type JSX, type ReactNode, useSyncExternalStore } from 'react'
import { type SomeTexts, TextsContext } from './texts.js'

/** Props of `TextsProvider`. */
export interface TextsProviderProps {
  /** What the components say, by language: `{ de }` with `de` of `@channels-binding/mui/languages`. */
  readonly languages: Readonly<Record<string, SomeTexts>>
  /** The language, `'de'` or `'de-at'`. @default the page's: `<html lang>`, as Django's templates set it */
  readonly language?: string | undefined
  readonly children: ReactNode
}

/** Has the components below speak the language of the page; what a language lacks is English. */
export function TextsProvider({ languages, language, children }: TextsProviderProps): JSX.Element {
  const ofPage = useSyncExternalStore(subscribe, languageOfPage, () => '')
  return <TextsContext.Provider value={textsOf(languages, language ?? ofPage)}>{children}</TextsContext.Provider>
}

const NONE: SomeTexts = {}

/** `'de-AT'` → the texts of `de-at`, or else of `de`. */
function textsOf(languages: Readonly<Record<string, SomeTexts>>, language: string): SomeTexts {
  const name = language.toLowerCase()
  const found = [name, name.split('-')[0] as string].find(each => Object.hasOwn(languages, each))
  return (found !== undefined && languages[found]) || NONE
}

const languageOfPage = (): string => document.documentElement.lang

function subscribe(changed: () => void): () => void {
  const observer = new MutationObserver(changed)
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['lang'] })
  return () => observer.disconnect()
}
