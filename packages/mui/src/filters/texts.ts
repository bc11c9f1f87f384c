/** What filters say; their labels and choices come from the server. */
export interface FilterTexts {
  readonly filters: string
  readonly clear: string
  readonly remove: (label: string) => string
  readonly yes: string
  readonly no: string
  readonly none: string
}

export const FILTER_TEXTS: FilterTexts = {
  filters: 'Filters',
  clear: 'Clear filters',
  remove: label => `Remove the filter ${label}`,
  yes: 'Yes',
  no: 'No',
  none: 'There are no filters.',
}
