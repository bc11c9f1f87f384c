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

/** `'zh-Hant-TW'` → the texts of `zh-hant-tw`, or else of `zh-hant`, or else of `zh`, in whatever case they are given. */
function textsOf(languages: Readonly<Record<string, SomeTexts>>, language: string): SomeTexts {
  const given = new Map(Object.entries(languages).map(([name, texts]) => [name.toLowerCase(), texts]))
  const parts = language.toLowerCase().split('-')
  const names = parts.map((_, index) => parts.slice(0, parts.length - index).join('-'))
  return names.map(name => given.get(name)).find(texts => texts !== undefined) ?? NONE
}

const languageOfPage = (): string => document.documentElement.lang

function subscribe(changed: () => void): () => void {
  const observer = new MutationObserver(changed)
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['lang'] })
  return () => observer.disconnect()
}
