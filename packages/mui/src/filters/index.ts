'use client'

export { FilterChips, type FilterChipsProps } from './FilterChips.js'
export { FilterPanel, type FilterPanelProps } from './FilterPanel.js'
export type { FilterTexts } from './texts.js'
