import { eventName } from '../names.js'
import type { Have, Message } from '../types.js'
import { answerTo, diffOf, etagOf, type FakeRow, type Page, patchOf, snapshotOf } from './page.js'
import type { FakeTable } from './table.js'

type Data = Readonly<Record<string, unknown>>

/** One read of one connection: what it answers, and what changed since the last answer or push. */
export interface FakeRead {
  readonly stream: string
  /** The answer; without a subprotocol the bare data. */
  answer(have: Have | undefined, hasProtocol: boolean): Partial<Message>
  /** The push for what has changed since; `null` for nothing. */
  change(hasProtocol: boolean): Partial<Message> | null
}

/** A `search`, a `list` or an `aggregate`. */
export class ListRead implements FakeRead {
  readonly table: FakeTable
  readonly stream: string
  readonly #action: string
  readonly #data: Data
  #page: Page

  constructor(table: FakeTable, action: string, data: Data) {
    this.table = table
    this.stream = table.stream
    this.#action = action
    this.#data = data
    this.#page = table.page(action, data)
  }

  answer(have: Have | undefined, hasProtocol: boolean): Partial<Message> {
    const { data, rows } = this.#page
    if (!hasProtocol) return { data: { ...data, rows } }
    return have ? answerTo(have, this.#page) : snapshotOf(this.#page)
  }

  change(hasProtocol: boolean): Partial<Message> | null {
    const page = this.table.page(this.#action, this.#data)
    const diff = diffOf(this.#page, page)
    if (!diff) return null
    this.#page = page
    return hasProtocol ? diff : { data: { ...page.data, rows: page.rows } }
  }
}

/** A `retrieve`. */
export class RowRead implements FakeRead {
  readonly table: FakeTable
  readonly stream: string
  readonly #data: Data
  #row: FakeRow | null

  constructor(table: FakeTable, data: Data) {
    this.table = table
    this.stream = table.stream
    this.#data = data
    this.#row = table.shown(table.find(data.id), data)
  }

  answer(have: Have | undefined, hasProtocol: boolean): Partial<Message> {
    const row = this.#row as FakeRow
    if (!hasProtocol) return { data: row }
    const v = etagOf(row)
    return have?.v === v ? { type: 'same', v } : { type: 'snapshot', v, data: row }
  }

  change(hasProtocol: boolean): Partial<Message> | null {
    const old = this.#row
    const stored = this.table.get(this.#data.id)
    const row = stored ? this.table.shown(stored, this.#data) : null
    this.#row = row
    if (!row) return old && this.#gone(hasProtocol)
    if (!old) return hasProtocol ? { type: 'snapshot', v: etagOf(row), data: row } : { data: row }
    const patch = patchOf(old, row)
    if (!patch.length) return null
    return hasProtocol ? { type: 'diff', from: etagOf(old), v: etagOf(row), data: { patch } } : { data: row }
  }

  #gone(hasProtocol: boolean): Partial<Message> {
    if (hasProtocol) return { type: 'gone' }
    return { event: eventName(this.table.stream, 'delete'), data: { id: this.#data.id } }
  }
}
