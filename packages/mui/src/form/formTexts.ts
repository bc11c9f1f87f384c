import { CONFLICT_TEXTS, type ConflictTexts } from '../conflictTexts.js'

/** What a form says itself; labels, help and errors come from the server. */
export interface FormTexts {
  readonly loading: string
  readonly retry: string
  readonly save: string
  readonly saved: string
  readonly cancel: string
  readonly gone: string
  readonly check: string
  /** Others have changed fields that this user has changed too. */
  readonly contested: (labels: string) => string
  readonly compare: string
  /** Others have changed fields that this user has not touched. */
  readonly changed: (labels: string) => string
  readonly restored: string
  readonly drop: string
  readonly close: string
  readonly uploading: (percent: number) => string
  /** It has been submitted, and the server has not taken it yet. */
  readonly waiting: string
  /** Below a field that offers the first of more choices. */
  readonly more: (count: number) => string
  readonly unshowable: (label: string) => string
  readonly required: string
  readonly tooLong: (limit: number) => string
  readonly tooShort: (limit: number) => string
  readonly tooSmall: (limit: string) => string
  readonly tooLarge: (limit: string) => string
  readonly tooManyDigits: (limit: number) => string
  readonly tooManyPlaces: (limit: number) => string
  readonly dropFile: string
  /** Before the link to the file that is stored. */
  readonly currently: string
  readonly clearFile: (label: string) => string
  readonly previewOf: (name: string) => string
  readonly discardTitle: string
  readonly discardText: string
  readonly discard: string
  readonly keepEditing: string
  readonly create: (text: string) => string
  readonly showPassword: string
  readonly show: string
  readonly hide: string
  readonly unknown: string
  readonly yes: string
  readonly no: string
  readonly conflict: ConflictTexts
}

export const FORM_TEXTS: FormTexts = {
  loading: 'Loading the form',
  retry: 'Retry',
  save: 'Save',
  saved: 'Saved',
  cancel: 'Cancel',
  gone: 'This was deleted meanwhile; it cannot be saved any more.',
  check: 'Please check the marked fields.',
  contested: labels => `Somebody else has changed this as well: ${labels}.`,
  compare: 'Compare',
  changed: labels => `Somebody else has just changed: ${labels}.`,
  restored: 'What you had typed here and not saved is back.',
  drop: 'Drop it',
  close: 'Close',
  uploading: percent => `Uploading, ${percent} %`,
  waiting: 'Not sent yet. It is sent as soon as the server answers again.',
  more: count => `There are more than the ${count} that are offered.`,
  unshowable: label => `${label} holds a value that cannot be shown here.`,
  required: 'This field is required.',
  tooLong: limit => `Ensure this value has at most ${limit} characters.`,
  tooShort: limit => `Ensure this value has at least ${limit} characters.`,
  tooSmall: limit => `Ensure this value is greater than or equal to ${limit}.`,
  tooLarge: limit => `Ensure this value is less than or equal to ${limit}.`,
  tooManyDigits: limit => `Ensure that there are no more than ${limit} digits in total.`,
  tooManyPlaces: limit => `Ensure that there are no more than ${limit} decimal places.`,
  dropFile: 'or drop it here',
  currently: 'Currently:',
  clearFile: label => `Clear ${label}`,
  previewOf: name => `Preview of ${name}`,
  discardTitle: 'Discard your changes?',
  discardText: 'What you have typed is not saved yet.',
  discard: 'Discard',
  keepEditing: 'Keep editing',
  create: text => `Add “${text}”`,
  showPassword: 'Show password',
  show: 'Show',
  hide: 'Hide',
  unknown: 'Unknown',
  yes: 'Yes',
  no: 'No',
  conflict: CONFLICT_TEXTS,
}
