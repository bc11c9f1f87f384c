'use client'

export { de } from './de.js'
export { TextsProvider, type TextsProviderProps } from './TextsProvider.js'
export type { SomeTexts, Texts } from './texts.js'
