import type { BindingError, FieldErrors, WireError } from './errors.js'

// ---- the user's models, by declaration merging

/**
 * Opened by the generated file, which gives every stream its types:
 * `declare module '@channels-binding/core' { interface Register { bindings: AppBindings } }`.
 * Without it every name compiles and values are `unknown`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled in by declaration merging
export interface Register {}

/** What the generated file says of one stream. */
export interface BindingShape {
  pk: string | number
  row: object
  create: object
  update: object
  filters: object
  order: string
  events: object
}

/** What is known of a stream without the generated file. */
export interface LooseBinding {
  pk: string | number
  row: { id: string | number; [field: string]: unknown }
  create: Record<string, unknown>
  update: Record<string, unknown>
  filters: Record<string, unknown>
  order: string
  events: Record<string, { in: unknown; out: unknown }>
}

/** Every stream with its types. */
export type Bindings = Register extends { bindings: infer B } ? B : Record<string, LooseBinding>
/** The name of a stream, such as `'shop.Product'`. */
export type BindingName = keyof Bindings & string
/** The types of one stream. */
export type Binding<N extends BindingName> = Bindings[N] extends BindingShape ? Bindings[N] : LooseBinding
/** A row as the server sends it. */
export type Row<N extends BindingName> = Binding<N>['row']
/** The primary key of a row. */
export type Pk<N extends BindingName> = Binding<N>['pk']
/** The filters that a stream declares. */
export type Filters<N extends BindingName> = Binding<N>['filters']
/** A field to order by, `-` in front for descending. */
export type OrderBy<N extends BindingName> = Binding<N>['order'] | `-${Binding<N>['order']}`
/** The name of a field of a row. */
export type FieldName<N extends BindingName> = keyof Row<N> & string
/** What `create` takes. */
export type CreateInput<N extends BindingName> = Binding<N>['create']
/** What `update` takes, beside the `id`. */
export type UpdateInput<N extends BindingName> = Binding<N>['update']
/** What `save` takes: `update` with an `id`, `create` without. */
export type SaveInput<N extends BindingName> = CreateInput<N> | ({ id: Pk<N> } & UpdateInput<N>)

type EventsOf<N extends BindingName> = Binding<N>['events']
/** The name of an event that a handler is bound to, such as `'shop.Product.restock'`. */
export type EventName = Register extends { bindings: unknown }
  ? { [N in BindingName]: `${N}.${keyof EventsOf<N> & string}` }[BindingName]
  : string
type EventShape<E extends string> = {
  [N in BindingName]: E extends `${N}.${infer K}` ? (K extends keyof EventsOf<N> ? EventsOf<N>[K] : never) : never
}[BindingName]
/** What the handler of an event takes. */
export type EventIn<E extends string> = EventShape<E> extends { in: infer I } ? I : unknown
/** What the handler of an event answers or pushes. */
export type EventOut<E extends string> = EventShape<E> extends { out: infer O } ? O : unknown

// ---- requests and replies

/** What `list` takes. */
export interface ListParams<N extends BindingName = BindingName> {
  readonly order?: OrderBy<N> | readonly OrderBy<N>[]
  readonly filters?: Partial<Filters<N>>
  /** Text to find in the binding's `search_fields`. */
  readonly query?: string
  /** Narrows the rows to these fields; the key always stays. */
  readonly fields?: readonly FieldName<N>[]
  /** Asks for the texts of relations, in `labels`. */
  readonly labels?: boolean
  /** Parameters that the binding declares as its `query_params`. */
  readonly params?: Readonly<Record<string, string | number | boolean | readonly string[]>>
}

/** What `search` takes. */
export interface SearchParams<N extends BindingName = BindingName> extends ListParams<N> {
  /** @default 1 */
  readonly page?: number
  /** Rows a page; the server may cut it and says so. */
  readonly limit?: number
}

/** The texts of relations: `labels.author['7']` → `'Ursula'`. */
export type Labels = Readonly<Record<string, Readonly<Record<string, string>>>>

/** What `list` answers. */
export interface ListPage<R = unknown> {
  readonly rows: readonly R[]
  readonly count: number
  readonly order: string | readonly string[] | null
  readonly labels?: Labels
}

/** What `search` answers. */
export interface SearchPage<R = unknown> extends ListPage<R> {
  readonly page: number
  readonly limit: number
}

/** What a write answers; `create` adds the row. */
export type SaveReply<N extends BindingName = BindingName> = { readonly success: true; readonly id: Pk<N> } & Partial<
  Omit<Row<N>, 'id'>
>

/** What `delete` answers. */
export interface DeleteReply<N extends BindingName = BindingName> {
  readonly success: true
  readonly id: Pk<N>
}

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
  readonly can: { readonly create: boolean; readonly update: boolean; readonly delete: boolean }
  readonly fields: readonly DescribedField[]
  readonly filters: readonly DescribedFilter[]
}

// ---- the wire

/** How a live message is meant. */
export type LiveType = 'snapshot' | 'diff' | 'same' | 'delta' | 'gone'

/** What a returning client already shows. */
export interface Have {
  readonly v: string
  readonly rows?: readonly (readonly [pk: string | number, etag: string])[]
}

/** A message to the server (protocol §1). */
export interface Request {
  readonly event: string
  readonly id?: number
  readonly data?: unknown
  readonly key?: string
  readonly if?: string
  readonly have?: Have
}

/** A message from the server (protocol §1). */
export interface Message {
  readonly event: string
  readonly id?: number | string
  readonly type?: LiveType
  readonly data?: unknown
  readonly error?: WireError
  readonly v?: string
  readonly from?: string
  readonly etags?: readonly string[]
}

// ---- state

/** Where the connection stands. */
export type ConnectionStatus = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'unauthorized' | 'closed'

/** The connection as a user interface shows it; a new object after each change. */
export interface ConnectionState {
  readonly status: ConnectionStatus
  /** Round trip of the last ping in milliseconds; `null` until one was measured. */
  readonly latencyMs: number | null
  /** Attempts since the connection was last open. */
  readonly attempts: number
  readonly hasEverConnected: boolean
  /** When the next attempt starts, as `Date.now()` counts; `null` while none is due. */
  readonly nextRetryAt: number | null
  readonly lastError: BindingError | null
  /** Who the server says this is, from `cb.hello`. */
  readonly user: unknown
}

/** Where a live read stands. */
export type LiveStatus = 'pending' | 'success' | 'error' | 'gone'

/** A live read as its observers see it; a new object after each change. */
export interface LiveState<T = unknown> {
  readonly status: LiveStatus
  /** `undefined` until the first success, and when the row is gone. */
  readonly data: T | undefined
  readonly error: BindingError | null
  /** Version of the data; `null` before the first, and from servers that send none. */
  readonly v: string | null
  /** Whether changes arrive right now. */
  readonly isLive: boolean
}
