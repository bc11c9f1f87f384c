import type { Choice, FormField, Relation } from './forms.js'

/** The type of a field, as `describe` names it. */
export type FieldType =
  | 'string'
  | 'text'
  | 'integer'
  | 'float'
  | 'decimal'
  | 'boolean'
  | 'choice'
  | 'date'
  | 'datetime'
  | 'time'
  | 'duration'
  | 'uuid'
  | 'email'
  | 'url'
  | 'ip'
  | 'slug'
  | 'json'
  | 'file'
  | 'image'
  | 'relation'
  | 'list'
  | 'object'

/** One field of a row, as `describe` answers it. */
export interface DescribedField {
  readonly name: string
  readonly label: string
  readonly type: FieldType
  readonly nullable?: boolean
  readonly editable?: boolean
  readonly sortable?: boolean
  readonly choices?: readonly Choice[]
  readonly relation?: Relation
  readonly multiple?: boolean
  readonly help_text?: string
}

/** One filter, as `describe` answers it. */
export interface DescribedFilter {
  readonly name: string
  readonly label: string
  readonly type: string
  readonly field: FormField
}

/** What a user interface needs to know of a stream (protocol §2.2). */
export interface Description {
  readonly stream: string
  readonly label: string
  readonly label_plural: string
  readonly pk: string
  readonly page_size: number
  readonly max_page_size: number
  readonly search: boolean
  readonly ordering: readonly string[]
  readonly actions: readonly string[]
  /** What may be asked of `aggregate`, where the stream offers it. */
  readonly aggregate?: { readonly measures: readonly string[]; readonly by: readonly string[] }
  /** How several rows (`ids`) are written together, and how many at most, where the binding has `bulk`. */
  readonly bulk?: { readonly mode: 'atomic' | 'independent'; readonly max: number }
  readonly can: { readonly create: boolean; readonly update: boolean; readonly delete: boolean }
  readonly fields: readonly DescribedField[]
  readonly filters: readonly DescribedFilter[]
  /** What may be put into rows; how many of each row, `null` where it is one. */
  readonly expandable?: readonly { readonly name: string; readonly stream: string; readonly limit: number | null }[]
}
