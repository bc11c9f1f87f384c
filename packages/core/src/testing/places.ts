import { BindingError } from '../errors.js'

type Values = Readonly<Record<string, unknown>>

/** Which comes first; what is `null` comes last, whatever the sign. */
export function compareValues(a: unknown, b: unknown, sign: number): number {
  if (a === b) return 0
  if (a === null || a === undefined) return 1
  if (b === null || b === undefined) return -1
  return (a as string) < (b as string) ? -sign : sign
}

/** Whether a search asks by cursors. */
export const isByPlaces = ({ after, before, until }: Values): boolean =>
  after !== undefined || before !== undefined || until !== undefined

/** The order of a list, and the places of rows in it. A cursor is the row's values, in hexadecimal digits. */
export class Places {
  readonly #keys: readonly { readonly field: string; readonly sign: number }[]

  constructor(order: unknown) {
    const names = (Array.isArray(order) ? order : order ? [order] : []) as string[]
    this.#keys = [...names, 'id'].map(name => ({
      field: name.replace(/^-/, ''),
      sign: name.startsWith('-') ? -1 : 1,
    }))
  }

  /** Below 0 where the first comes first. */
  compare(a: Values, b: Values): number {
    for (const { field, sign } of this.#keys) {
      const result = compareValues(a[field], b[field], sign)
      if (result) return result
    }
    return 0
  }

  /** The place of a row. */
  cursorOf(row: Values): string {
    const values = Object.fromEntries(this.#keys.map(({ field }) => [field, row[field] ?? null]))
    const bytes = new TextEncoder().encode(JSON.stringify(values))
    return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('')
  }

  /** Whether a row stands behind a place; where none is given, as `otherwise` says. */
  isBehind(row: Values, cursor: unknown, otherwise: boolean): boolean {
    return cursor === undefined || cursor === '' ? otherwise : this.compare(row, this.#placeOf(cursor)) > 0
  }

  /** Whether a row stands in front of a place; where none is given, it does. */
  isInFront(row: Values, cursor: unknown): boolean {
    return cursor === undefined || cursor === '' || this.compare(row, this.#placeOf(cursor)) < 0
  }

  #placeOf(cursor: unknown): Values {
    try {
      const bytes = String(cursor).match(/../g) ?? []
      const values = JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, byte => Number.parseInt(byte, 16))))
      if (this.#keys.every(({ field }) => field in values)) return values
    } catch {
      // no cursor of anybody's
    }
    throw new BindingError('invalid', 'No such place.', {
      fields: { after: [{ code: 'invalid', message: 'No cursor.' }] },
    })
  }
}
