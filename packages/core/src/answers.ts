import type {
  BindingName,
  ExpandPath,
  FieldName,
  FilterValues,
  GroupName,
  Groups,
  MeasureName,
  Measures,
  OrderBy,
  Pk,
  Row,
} from './bindings.js'

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
  /** Keys of rows that are left out, such as those whose deletion can still be undone. */
  readonly exclude?: readonly Pk<N>[]
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
