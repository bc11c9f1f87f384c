/**
 * Opened by the generated file, which gives every stream its types:
 * `declare module '@channels-binding/core' { interface Register { bindings: AppBindings } }`.
 * Without it every name compiles and values are `unknown`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled in by declaration merging
export interface Register {}

/**
 * Opened by the generated files of other servers (`manage.py bindings_types --server back1`), whose streams then have the names
 * `'back1:app.Model'`: `declare module '@channels-binding/core' { interface Servers { back1: AppBindings } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled in by declaration merging
export interface Servers {}

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

type ServerName = keyof Servers & string
type Elsewhere<B, S extends ServerName> = B extends { expand: infer X }
  ? Omit<B, 'expand'> & {
      expand: { [P in keyof X]: { [M in keyof X[P]]: M extends 'stream' ? `${S}:${X[P][M] & string}` : X[P][M] } }
    }
  : B
type OfServers = {
  [N in {
    [S in ServerName]: `${S}:${keyof Servers[S] & string}`
  }[ServerName]]: N extends `${infer S extends ServerName}:${infer M}`
    ? M extends keyof Servers[S]
      ? Elsewhere<Servers[S][M], S>
      : never
    : never
}

/** Every stream with its types. */
export type Bindings = Register extends { bindings: infer B } ? B & OfServers : Record<string, LooseBinding>
/** The name of a stream, such as `'shop.Product'`; of another server `'back1:shop.Product'`. */
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
