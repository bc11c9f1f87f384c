/** What `ConflictDialog` says; the names of what it shows come from the server. */
export interface ConflictTexts {
  readonly title: string
  readonly explanation: string
  readonly theirs: string
  readonly mine: string
  readonly before: (text: string) => string
  readonly empty: string
  readonly save: string
  readonly back: string
}

export const CONFLICT_TEXTS: ConflictTexts = {
  title: 'Somebody else has changed this',
  explanation: 'Nothing was saved yet. Choose what is to stand.',
  theirs: 'Theirs',
  mine: 'Mine',
  before: text => `Before: ${text}`,
  empty: '(empty)',
  save: 'Save the choice',
  back: 'Go on editing',
}
