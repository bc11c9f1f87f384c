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
  /** What `aggregate` may measure, and group by; a stream without it has none. */
  measures?: object
  groups?: object
  /** Paths of related rows that may be put into a row. */
  expand?: object
  /** Whether it has rooms: who is there. */
  presence?: true
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
  measures: Record<string, unknown>
  groups: Record<string, unknown>
  expand: Record<string, unknown>
  presence: true
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
/** Values of some filters; of a stream that declares none, nothing. */
export type FilterValues<N extends BindingName> = [keyof Filters<N>] extends [never]
  ? Readonly<Record<string, never>>
  : Partial<Filters<N>>
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

/** The name of a stream that offers `aggregate`. */
export type AggregatedName = {
  [N in BindingName]: Binding<N> extends { measures: object } ? N : never
}[BindingName]
/** What `aggregate` may measure: `'count'`, `'sum:price'`; by name, with the value that it is shown as. */
export type Measures<N extends BindingName> = Binding<N> extends { measures: infer M extends object } ? M : object
/** What `aggregate` may group by: `'status'`, `'created:month'`. */
export type Groups<N extends BindingName> = Binding<N> extends { groups: infer G extends object } ? G : object
/** The name of a measure. */
export type MeasureName<N extends BindingName> = keyof Measures<N> & string
/** The name of a group. */
export type GroupName<N extends BindingName> = keyof Groups<N> & string

/** The name of a stream that has rooms. */
export type PresentName = {
  [N in BindingName]: Binding<N> extends { presence: true } ? N : never
}[BindingName]

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

// ---- related rows

type Expandable<N extends BindingName> = Binding<N> extends { expand: infer X } ? X : Record<never, never>
/** A path of related rows that a stream declares as expandable, such as `'assignee.team'`. */
export type ExpandPath<N extends BindingName> = keyof Expandable<N> & string

type Head<P extends string> = P extends `${infer H}.${string}` ? H : P
type Below<P extends string, H extends string> = P extends `${H}.${infer T}` ? T : never
type Related<X, P extends string, Above extends string = ''> = {
  readonly [H in Head<P>]: Shown<X, `${Above}${H}`, Below<P, H>>
}
type Shown<X, At extends string, P extends string> = At extends keyof X
  ? X[At] extends { stream: infer S extends BindingName; many: infer M }
    ? [M] extends [true]
      ? readonly One<X, S, At, P>[]
      : One<X, S, At, P> | null
    : unknown
  : unknown
type One<X, S extends BindingName, At extends string, P extends string> = [P] extends [never]
  ? Row<S>
  : Row<S> & { readonly expand: Related<X, P, `${At}.`> }

/** A row with the related rows of these paths: `row.expand.customer`, `row.expand.comments[0]`. */
export type RowWith<N extends BindingName, E extends readonly string[]> = number extends E['length']
  ? Row<N>
  : E['length'] extends 0
    ? Row<N>
    : Row<N> & { readonly expand: Related<Expandable<N>, E[number]> }

// ---- requests and replies

/** What `list` takes. */
export interface ListParams<
  N extends BindingName = BindingName,
  E extends readonly ExpandPath<N>[] = readonly ExpandPath<N>[],
> {
  readonly order?: OrderBy<N> | readonly OrderBy<N>[]
  readonly filters?: FilterValues<N>
  /** Text to find in the binding's `search_fields`. */
  readonly query?: string
  /** Asks where in the texts of rows the words of `query` stand, in `highlights`. Not with a `pagination_class`. */
  readonly highlight?: boolean
  /** Narrows the rows to these fields; the key always stays. */
  readonly fields?: readonly FieldName<N>[]
  /** Asks for the texts of relations, in `labels`. */
  readonly labels?: boolean
  /** Related rows to put into each row, in `row.expand`: paths that the binding declares as `expandable`. */
  readonly expand?: E
  /** Parameters that the binding declares as its `query_params`. */
  readonly params?: Readonly<Record<string, string | number | boolean | readonly string[]>>
}

/** Whether all rows that match are counted; an estimate costs little, and `false` nothing. */
export type Counting = boolean | 'estimate'

/** What `search` takes. */
export interface SearchParams<
  N extends BindingName = BindingName,
  C extends Counting = Counting,
  E extends readonly ExpandPath<N>[] = readonly ExpandPath<N>[],
> extends ListParams<N, E> {
  /** @default 1 */
  readonly page?: number
  /** Rows a page; the server may cut it and says so. */
  readonly limit?: number
  /** With `false` and `'estimate'` the page says `has_next`. @default true */
  readonly count?: C
}

/** A place in the order of a list, as `start` and `end` of an answer say it; empty: the beginning, or the end. */
export type Cursor = string

/** What `search` takes to answer by places in the order, in the stead of pages. */
export type WindowParams<
  N extends BindingName = BindingName,
  E extends readonly ExpandPath<N>[] = readonly ExpandPath<N>[],
> = ListParams<N, E> & { readonly limit?: number } & (
    | { readonly after: Cursor; readonly until?: Cursor; readonly before?: never }
    | { readonly until: Cursor; readonly after?: Cursor; readonly before?: never }
    | { readonly before: Cursor; readonly after?: never; readonly until?: never }
  )

/** The texts of relations: `labels.author['7']` → `'Ursula'`. */
export type Labels = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Plain text and what was found by turns, by key and field: `highlights['7'].title` → `['An ', 'oak', ' table']`. */
export type Highlights = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

interface Rows<R> {
  readonly rows: readonly R[]
  readonly order: string | readonly string[] | null
  readonly labels?: Labels
  readonly highlights?: Highlights
}

/** What `list` answers. */
export interface ListPage<R = unknown> extends Rows<R> {
  readonly count: number
}

/** What `search` answers. */
export interface SearchPage<R = unknown> extends ListPage<R> {
  readonly page: number
  readonly limit: number
}

/** What `search` answers where nothing is counted. */
export interface UncountedPage<R = unknown> extends Rows<R> {
  readonly page: number
  readonly limit: number
  readonly has_next: boolean
}

/** What `search` answers where the count is an estimate. */
export interface EstimatedPage<R = unknown> extends UncountedPage<R> {
  readonly count: number
  readonly count_is: 'exact' | 'at_least' | 'estimate'
}

/** What `search` answers to `after`, `before` and `until`. */
export interface WindowPage<R = unknown> extends Rows<R> {
  readonly limit: number
  /** Whether rows follow; with `before` it is `has_previous`. */
  readonly has_next?: boolean
  readonly has_previous?: boolean
  /** The place of the first row; `null` where there is none. */
  readonly start: Cursor | null
  /** The place of the last row; `null` where there is none. */
  readonly end: Cursor | null
}

/** What `search` answers, by what was asked of the count. */
export type PageOf<R, C extends Counting> = [C] extends [false]
  ? UncountedPage<R>
  : [C] extends ['estimate']
    ? EstimatedPage<R>
    : SearchPage<R>

/** What `aggregate` takes. */
export interface AggregateParams<
  N extends BindingName = BindingName,
  M extends MeasureName<N> = MeasureName<N>,
  G extends GroupName<N> = GroupName<N>,
> {
  /** What is measured. @default ['count'] */
  readonly measures?: readonly M[]
  /** What makes the groups; without it all rows are one. @default [] */
  readonly by?: readonly G[]
  /** A measure or group that is asked for, `-` in front for descending. @default the groups */
  readonly order?: NoInfer<M | G | `-${M | G}` | readonly (M | G | `-${M | G}`)[]>
  /** Groups at the most; the server may cut it and says so. */
  readonly limit?: number
  readonly filters?: FilterValues<N>
  /** Text to find in the binding's `search_fields`. */
  readonly query?: string
  /** Asks for the texts of relations that are grouped by, in `labels`. */
  readonly labels?: boolean
  /** Parameters that the binding declares as its `query_params`. */
  readonly params?: ListParams<N>['params']
}

/** A row of an aggregate: its groups and measures by their names, as `row['sum:price']`. */
export type AggregateRow<
  N extends BindingName,
  M extends MeasureName<N> = MeasureName<N>,
  G extends GroupName<N> = GroupName<N>,
> = {
  /** The group: the JSON of its values. */
  readonly id: string
} & Readonly<Pick<Groups<N>, G>> &
  Readonly<Pick<Measures<N>, M>>

/** What `aggregate` answers. */
export interface AggregateAnswer<R = unknown> extends ListPage<R> {
  readonly limit: number
  /** Whether there are more groups. */
  readonly truncated: boolean
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
  /** What may be asked of `aggregate`, where the stream offers it. */
  readonly aggregate?: { readonly measures: readonly string[]; readonly by: readonly string[] }
  readonly can: { readonly create: boolean; readonly update: boolean; readonly delete: boolean }
  readonly fields: readonly DescribedField[]
  readonly filters: readonly DescribedFilter[]
  /** What may be put into rows; how many of each row, `null` where it is one. */
  readonly expandable?: readonly { readonly name: string; readonly stream: string; readonly limit: number | null }[]
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
  /** What carries messages while it is open: a socket, or HTTP where none could be opened. */
  readonly transport: 'ws' | 'http' | null
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
