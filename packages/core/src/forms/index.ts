import type { FieldError, FieldErrors } from '../errors.js'

/** What is wrong with the rows beside a form. */
export interface FormsetErrors {
  /** With all of them together, such as that there are too many. */
  readonly own: readonly FieldError[]
  /** By the number of the row among the formset's `forms`, those that were added at the end. */
  readonly rows: ReadonlyMap<number, FieldErrors>
}

/** Reads what a reply or an error says of a formset: `{"chapters": {"1": {"title": […]}, "__all__": […]}}`. */
export function formsetErrors(errors: FieldErrors | null | undefined, name: string): FormsetErrors {
  const found: unknown = errors?.[name]
  if (Array.isArray(found)) return { own: found, rows: new Map() }
  const { __all__: own = [], ...rows } = (found ?? {}) as Record<string, unknown>
  const numbered = Object.entries(rows).map(([number, each]) => [Number(number), each as FieldErrors] as const)
  return { own: own as readonly FieldError[], rows: new Map(numbered) }
}
