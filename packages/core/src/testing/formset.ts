import type { FieldErrors } from '../errors.js'
import type { FormField } from '../types.js'

/** Rows beside a fake form: those of another fake table that belong to the form's row. */
export interface FakeFormset {
  readonly name: string
  /** The stream that the rows are of; it is bound as well. */
  readonly stream: string
  /** Field of the rows that holds the key of the form's row. */
  readonly parent: string
  /** What is shown of a row. */
  readonly fields: readonly FormField[]
  /** @default the name */
  readonly label?: string
  /** @default the name */
  readonly row_label?: string
  /** @default true */
  readonly can_delete?: boolean
  /** Field of the rows that holds their place; with it they can be ordered. */
  readonly order?: string
  /** @default 0 */
  readonly min?: number
  /** @default 1000 */
  readonly max?: number
  /** What is wrong with a row about to be saved, `__all__` with the row as a whole; empty for nothing. */
  readonly validate?: (values: Readonly<Record<string, unknown>>) => FieldErrors
}
