import type { FieldErrors, FormField } from '@channels-binding/core'
import type { UseFormReturn } from 'react-hook-form'
import { messagesOf } from '../text.js'
import { hasWidget } from './attributes.js'
import type { Complaints } from './FormsetView.js'
import { type EditedFormset, pathOf, type RowErrors } from './rows.js'
import type { FormValues } from './values.js'

const ALL = '__all__'

/** Errors as they are put on what they belong to, from the top; the first takes the focus. */
export class Marks {
  /** Whether nothing was marked yet. */
  isEmpty = true
  readonly #state: UseFormReturn<FormValues>

  constructor(state: UseFormReturn<FormValues>) {
    this.#state = state
  }

  /** Marks the fields that are seen; returns their names. */
  put(fields: readonly FormField[], errors: FieldErrors, pathOfField = (name: string): string => name): string[] {
    const seen = fields.filter(field => !hasWidget(field, 'HiddenInput') && errors[field.name]?.length)
    for (const { name } of seen) {
      const error = { type: 'server', message: messagesOf(errors[name]) }
      this.#state.setError(pathOfField(name), error, { shouldFocus: this.isEmpty })
      this.isEmpty = false
    }
    return seen.map(field => field.name)
  }

  /** Marks the fields of the rows; returns what belongs to a row, or to the formset. */
  putRows({ formset, rows }: EditedFormset, { own, rows: wrong }: RowErrors): Complaints {
    const complaints: Record<string, string> = {}
    let focus: string | null = null
    for (const row of rows) {
      const errors = wrong[row.key] ?? {}
      const names = this.put(row.fields, errors, name => pathOf(formset.name, row.key, name))
      const others = sentence(Object.entries(errors).filter(([name]) => !names.includes(name)))
      if (others) {
        complaints[row.key] = others
        focus ??= this.#take(row.key)
      }
    }
    if (own.length) focus ??= this.#take('')
    return { own: messagesOf(own), rows: complaints, focus }
  }

  /** What takes the focus, if nothing has. */
  #take(what: string): string | null {
    const isFirst = this.isEmpty
    this.isEmpty = false
    return isFirst ? what : null
  }
}

/** Errors that stand at no field, in one sentence; `null` where there are none. */
export function sentence(errors: readonly (readonly [name: string, list: unknown])[]): string | null {
  const some = errors.map(([name, list]) => [name, messagesOf(allOf(list))] as const).filter(([, text]) => text)
  if (!some.length) return null
  return some.map(([name, text]) => (name === ALL ? '' : `${name}: `) + text).join(' ')
}

/** The errors of a field, or those within a formset that is not shown. */
function allOf(found: unknown): FieldErrors[string] {
  if (Array.isArray(found)) return found
  return typeof found === 'object' && found !== null ? Object.values(found).flatMap(allOf) : []
}
