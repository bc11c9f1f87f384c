import type { CallOptions } from './calls.js'
import { BindingError } from './errors.js'
import { hasFile } from './files.js'
import { eventName } from './names.js'
import type { BatchAnswer, BatchOperation, ClientOptions, OneShot } from './options.js'
import type {
  AggregateAnswer,
  AggregatedName,
  AggregateParams,
  AggregateRow,
  BindingName,
  Counting,
  CreateInput,
  DeleteReply,
  Description,
  EventIn,
  EventName,
  EventOut,
  ExpandPath,
  FieldName,
  FormReply,
  GroupName,
  ListPage,
  ListParams,
  MeasureName,
  PageOf,
  Pk,
  Row,
  RowWith,
  SaveInput,
  SaveReply,
  SearchParams,
  UpdateInput,
  WindowPage,
  WindowParams,
} from './types.js'
import type { FileToken, FormTarget, Uploader } from './upload.js'

/** What sends files is loaded with the first of them: where that cannot be, they could not be sent either. */
const uploads = (): Promise<typeof import('./upload.js')> =>
  import('./upload.js').catch(() => {
    throw new BindingError('unavailable', 'The server cannot be reached.')
  })

/**
 * The built-in actions by their names: each is a call, or a form with files by HTTP.
 * Knows names and what they take; knows nothing of how a call is made.
 */
export abstract class Actions {
  /** Sends an event to its handler and resolves with the answer. Rejects with `BindingError`, or the signal's reason. */
  abstract call<E extends EventName>(event: E, data?: EventIn<E>, options?: CallOptions): Promise<EventOut<E>>

  protected options: Uploader

  constructor(options: ClientOptions) {
    this.options = options
  }

  /** Sends several operations as one; atomic ones all happen or none (it then rejects, and `error.op` says which failed). */
  batch(ops: readonly BatchOperation[], options: CallOptions & { atomic?: boolean } = {}): Promise<BatchAnswer> {
    const { atomic = true, ...others } = options
    return this.#action('cb', 'batch', { atomic, ops }, others)
  }

  /** The rows between places in the order, once. */
  search<N extends BindingName, const E extends readonly ExpandPath<N>[] = readonly []>(
    name: N,
    params: WindowParams<N, E> & OneShot,
    options?: CallOptions,
  ): Promise<WindowPage<RowWith<N, E>>>
  /** One page, once. */
  search<
    N extends BindingName,
    const C extends Counting = true,
    const E extends readonly ExpandPath<N>[] = readonly [],
  >(name: N, params?: SearchParams<N, C, E> & OneShot, options?: CallOptions): Promise<PageOf<RowWith<N, E>, C>>
  search(name: string, params: object = {}, options?: CallOptions): Promise<unknown> {
    return this.#once(name, 'search', params, options)
  }

  /** Every row, once; `limit_exceeded` where there are too many. */
  list<N extends BindingName, const E extends readonly ExpandPath<N>[] = readonly []>(
    name: N,
    params: ListParams<N, E> & OneShot = {},
    options?: CallOptions,
  ): Promise<ListPage<RowWith<N, E>>> {
    return this.#once(name, 'list', params, options)
  }

  /** Measures by groups, once: `aggregate('shop.Order', { measures: ['count', 'sum:amount'], by: ['status'] })`. */
  aggregate<
    N extends AggregatedName,
    const M extends MeasureName<N> = Extract<'count', MeasureName<N>>,
    const G extends GroupName<N> = never,
  >(
    name: N,
    params: AggregateParams<N, M, G> & OneShot = {},
    options?: CallOptions,
  ): Promise<AggregateAnswer<AggregateRow<N, M, G>>> {
    return this.#once(name, 'aggregate', params, options)
  }

  /** One row, once. */
  retrieve<N extends BindingName, const E extends readonly ExpandPath<N>[] = readonly []>(
    name: N,
    id: Pk<N>,
    params: { fields?: readonly FieldName<N>[]; expand?: E } & OneShot = {},
    options?: CallOptions,
  ): Promise<RowWith<N, E>> {
    return this.#once(name, 'retrieve', { id, ...params }, options)
  }

  /** Updates with an `id`, creates without. */
  save<N extends BindingName>(name: N, values: SaveInput<N>, options?: CallOptions): Promise<SaveReply<N>> {
    return this.#action(name, 'save', values, options)
  }

  /** Creates a row; the reply holds it. */
  create<N extends BindingName>(name: N, values: CreateInput<N>, options?: CallOptions): Promise<SaveReply<N>> {
    return this.#action(name, 'create', values, options)
  }

  /** Changes some fields of a row. */
  update<N extends BindingName>(
    name: N,
    id: Pk<N>,
    values: UpdateInput<N>,
    options?: CallOptions,
  ): Promise<SaveReply<N>> {
    return this.#action(name, 'update', { ...values, id }, options)
  }

  /** Deletes a row. */
  delete<N extends BindingName>(name: N, id: Pk<N>, options?: CallOptions): Promise<DeleteReply<N>> {
    return this.#action(name, 'delete', { id }, options)
  }

  /** The form for a new row, or for the row with this id. */
  form<N extends BindingName>(name: N, id: Pk<N> | null = null, options?: CallOptions): Promise<FormReply<Row<N>>> {
    return this.#action(name, 'form', id === null ? {} : { id }, options)
  }

  /** Uploads a file, for `create`, `update` or a form to use: `create('desk.Ticket', { attachment: await client.upload(file) })`. */
  upload(file: Blob, options: CallOptions = {}): Promise<FileToken> {
    return uploads().then(({ keep }) => keep(file, this.options, options.signal))
  }

  /** Submits a form. What does not validate is an ordinary reply with `success: false`. Files travel by HTTP. */
  submitForm<N extends BindingName>(
    name: N,
    values: Readonly<Record<string, unknown>>,
    target: FormTarget<Pk<N>> = {},
    options?: CallOptions,
  ): Promise<FormReply<Row<N>>> {
    const { id = null } = target
    if (hasFile(values)) return uploads().then(({ submit }) => submit(name, values, target, this.options, options))
    return this.#action(name, 'form', { ...(id !== null && { id }), submit: values }, options)
  }

  /** What a user interface needs to know of a stream. */
  describe<N extends BindingName>(name: N, options?: CallOptions): Promise<Description> {
    return this.#action(name, 'describe', {}, options)
  }

  #action<T>(name: string, action: string, data: unknown, options?: CallOptions): Promise<T> {
    return this.call(eventName(name, action) as EventName, data as never, options) as Promise<T>
  }

  #once<T>(name: string, action: string, params: object, options?: CallOptions): Promise<T> {
    return this.#action(name, action, { ...params, live: false }, options)
  }
}
