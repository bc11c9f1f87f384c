/** What a formset says beside the server's labels. */
export interface FormsetTexts {
  /** The button that adds a row. @default `Add step` */
  readonly add: (row: string) => string
  /** What a row is called. @default `Step 2` */
  readonly row: (row: string, number: number) => string
  /** The button that deletes a row; it is preceded by what the row is called. @default 'Delete' */
  readonly remove: string
  readonly moveUp: string
  readonly moveDown: string
  /** In place of a row that goes when the form is saved. @default `Step 2 is deleted when you save.` */
  readonly removed: (name: string) => string
  readonly undo: string
  /** At a row that somebody else has deleted while it was being changed. */
  readonly goneRow: string
  /** What a deleted row is in a conflict. @default '(deleted)' */
  readonly gone: string
  /** Where there are no rows. @default `No steps yet.` */
  readonly empty: (rows: string) => string
  /** Where no more rows can be added. @default `There can be at most 5.` */
  readonly full: (max: number) => string
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export const FORMSET_TEXTS: FormsetTexts = {
  add: row => `Add ${row}`,
  row: (row, number) => `${capitalized(row)} ${number}`,
  remove: 'Delete',
  moveUp: 'Move up',
  moveDown: 'Move down',
  removed: name => `${name} is deleted when you save.`,
  undo: 'Undo',
  goneRow: 'Somebody else has deleted this. With your changes it is added again when you save.',
  gone: '(deleted)',
  empty: rows => `No ${rows} yet.`,
  full: max => `There can be at most ${max}.`,
}
