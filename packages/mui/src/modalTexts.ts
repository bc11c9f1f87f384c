/** What dialogs say beside the names that come from the server. */
export interface ModalTexts {
  readonly add: (what: string) => string
  readonly change: (what: string) => string
  readonly deleteTitle: (what: string) => string
  readonly deleteQuestion: (name: string) => string
  readonly delete: string
  readonly cancel: string
  readonly close: string
  readonly gone: string
  /** Where no row fits what was typed. */
  readonly noMatch: string
}

export const MODAL_TEXTS: ModalTexts = {
  add: what => `Add ${what}`,
  change: what => `Change ${what}`,
  deleteTitle: what => `Delete ${what}`,
  deleteQuestion: name => `Delete ${name}? This cannot be undone.`,
  delete: 'Delete',
  cancel: 'Cancel',
  close: 'Close',
  gone: 'This was deleted, or may no longer be seen.',
  noMatch: 'No matches',
}
