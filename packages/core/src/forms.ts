import type { FieldErrors } from './errors.js'

/** A value that a field offers. */
export interface Choice {
  readonly value: string | number | boolean | null
  readonly label: string
}

/** Values that a field offers under one heading. */
export interface ChoiceGroup {
  readonly group: string
  readonly choices: readonly Choice[]
}

/** Where the choices of a relation come from, and the texts of those chosen now. */
export interface Relation {
  readonly stream: string
  readonly filters?: Readonly<Record<string, unknown>>
  readonly labels?: Readonly<Record<string, string>>
}

/** What a form checks; members that do not apply are absent. */
export interface FieldLimits {
  readonly max_length?: number
  readonly min_length?: number
  readonly min_value?: number | string
  readonly max_value?: number | string
  readonly max_digits?: number
  readonly decimal_places?: number
  readonly step_size?: number | string
}

/** One field of a Django form (protocol §2.1). */
export interface FormField {
  readonly name: string
  /** Django's class name, such as `'CharField'`. */
  readonly type: string
  readonly bases?: readonly string[]
  /** Django's class name, such as `'Textarea'`. */
  readonly widget: string
  readonly widget_bases?: readonly string[]
  readonly label: string
  readonly help_text?: string
  readonly required?: boolean
  readonly disabled?: boolean
  /** Whether the row has a value that the user may not see: it stays unless another is submitted. */
  readonly withheld?: boolean
  readonly multiple?: boolean
  readonly initial?: unknown
  readonly value?: unknown
  readonly errors?: readonly { readonly code: string; readonly message: string }[]
  readonly choices?: readonly (Choice | ChoiceGroup)[]
  /** Whether `choices` are the first of more, and the chosen ones. */
  readonly truncated?: boolean
  readonly relation?: Relation
  readonly limits?: FieldLimits
  readonly attrs?: Readonly<Record<string, unknown>>
}

/** Rows beside a form, submitted as a list under `name`: `{id, changed fields}`, new fields, `{id, DELETE: true}`. */
export interface Formset {
  readonly name: string
  /** What the rows are called. */
  readonly label: string
  /** What one row is called. */
  readonly row_label: string
  readonly can_delete: boolean
  readonly can_order: boolean
  readonly min: number
  readonly max: number
  readonly forms: readonly { readonly id: string | number | null; readonly fields: readonly FormField[] }[]
  /** The fields of a row that is added. */
  readonly empty: readonly FormField[]
  readonly errors: readonly { readonly code: string; readonly message: string }[]
}

/** A Django form with its values, and what came of submitting it. */
export interface FormReply<R = unknown> {
  readonly fields: readonly FormField[]
  readonly object: R | null
  readonly errors: FieldErrors
  readonly success: boolean
  readonly formsets?: readonly Formset[]
}
