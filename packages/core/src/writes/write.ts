import { BindingError, type FieldErrors } from '../errors.js'
import { canonical } from '../names.js'

/** A row, or some of its fields. */
export type Values = Readonly<Record<string, unknown>>

/** What a write does; `'form'` submits one without files, whose `values` are those of its fields. */
export type WriteAction = 'save' | 'create' | 'update' | 'delete' | 'form'

/** A write that the server has not confirmed yet; a new object after each change. */
export interface PendingWrite {
  /** The idempotency key: however often it is sent, it is made once. */
  readonly key: string
  readonly stream: string
  readonly action: WriteAction
  /** The key of the row; `null` of one that is to be made. */
  readonly id: string | number | null
  readonly values: Values
  /** The row as the user saw it when making the write; `null` where it was shown nowhere. */
  readonly base: Values | null
  /** The version of `base`. */
  readonly ifVersion: string | null
  /** Who has made it: it is sent as nobody else. `undefined` if the server had not said yet who this is. */
  readonly user: unknown
  /** `waiting` for its turn or the connection, `sent`, or `refused` by the server after it had waited. */
  readonly state: 'waiting' | 'sent' | 'refused'
  readonly error: BindingError | null
  /** Whether it is shown before the server confirms it. */
  readonly isOptimistic: boolean
  /** Whether there was no connection when it was made. */
  readonly hasWaited: boolean
}

/** Two users have changed the same fields of a row. */
export interface Conflict {
  /** What this user wanted to change. */
  readonly mine: Values
  /** The row as it is now. */
  readonly theirs: Values
  /** The row as this user saw it. */
  readonly base: Values | null
}

/** Keeps the writes that wait over a reload. */
export interface WriteStore {
  /** What waits, in the order in which it was put; calls back with what is found later: what another page has left, for instance. */
  load(later?: (found: readonly PendingWrite[]) => void): Promise<readonly PendingWrite[]>
  /** Adds a write, or takes the place of the one with this key. */
  put(write: PendingWrite): Promise<void>
  remove(key: string): Promise<void>
}

/** How writes are kept. */
export interface WritesOptions {
  /** Keeps what waits over a reload, `indexedDb()` of `@channels-binding/core/persist` for instance. */
  readonly persist?: WriteStore
  /** Writes that may wait; one more is `limit_exceeded`. @default 100 */
  readonly max?: number
}

/** A key that nobody else has. Pages without TLS have no `randomUUID`. */
export const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-')

/** Whether two writes concern the same row. */
export const isSameRow = (one: PendingWrite, other: PendingWrite): boolean =>
  one.stream === other.stream && one.id !== null && one.id === other.id

type Target = Pick<PendingWrite, 'stream' | 'action' | 'id'>

/** Whether two writes do the same to the same row. */
export const isSameTarget = (one: Target, other: Target): boolean =>
  one.stream === other.stream && one.action === other.action && one.id === other.id

/** Whether two writes say the same. */
export const isSameWrite = (one: PendingWrite, other: PendingWrite): boolean =>
  isSameTarget(one, other) && canonical(one.values) === canonical(other.values)

/** Whether a write must wait until an earlier one has ended. */
export const waitsFor = (write: PendingWrite, earlier: PendingWrite): boolean =>
  earlier.state !== 'refused' && (earlier.hasWaited || isSameRow(write, earlier))

/** What others have changed beside this write, if it is something else than this write changes; then both can stand. */
export function isMergeable({ action, values, base }: PendingWrite, theirs: Values | null): boolean {
  if (action === 'delete' || action === 'form' || !base || !theirs) return false
  return Object.keys(values).every(
    name => Object.hasOwn(base, name) && Object.hasOwn(theirs, name) && isSame(base[name], theirs[name]),
  )
}

/** Whether the fields that are changed still hold what was seen of them. */
export const isAsSeen = (values: Values, base: Values, now: Values): boolean =>
  Object.keys(values).every(
    name => !Object.hasOwn(base, name) || !Object.hasOwn(now, name) || isSame(base[name], now[name]),
  )

/** What is sent: the values of a form stand apart from the key of its row. */
export function dataOf({ action, id, values }: PendingWrite): Values {
  const key = id === null ? {} : { id }
  return action === 'form' ? { ...key, submit: values } : { ...values, ...key }
}

/** What is wrong with a form that was not saved; `null` of every other answer. */
export function refusalOf({ action }: PendingWrite, reply: unknown): BindingError | null {
  const { success, errors: fields = {} } = reply as { success?: unknown; errors?: FieldErrors }
  return action === 'form' && !success
    ? new BindingError('invalid', 'The form does not validate.', { status: 400, fields })
    : null
}

/** The conflict that a refusal tells of; `null` where it is another one, or the row may not be read. */
export function conflictOf(write: Pick<PendingWrite, 'values' | 'base'>, error: BindingError | null): Conflict | null {
  if (error?.code !== 'precondition_failed' || !error.current) return null
  return { mine: write.values, theirs: error.current, base: write.base }
}

const isSame = (one: unknown, other: unknown): boolean => canonical(one) === canonical(other)
