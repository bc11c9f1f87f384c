/** Values of a form. */
export type Values = Readonly<Record<string, unknown>>

/** Whether the values hold a file, in a row beside the form too, so that they must travel by HTTP. */
export const hasFile = (value: unknown): boolean =>
  value instanceof Blob || (typeof value === 'object' && value !== null && Object.values(value).some(hasFile))

/** The rows of a formset among values; empty for what is none. */
export const rowsOf = (value: unknown): readonly Values[] =>
  Array.isArray(value) ? value.filter(each => typeof each === 'object' && each !== null && !isFile(each)) : []

const isFile = (value: unknown): boolean => value instanceof Blob

/** Whether a value is a file, or holds some. */
export const holdsFile = (value: unknown): boolean => (Array.isArray(value) ? value.some(isFile) : isFile(value))

/** Django's CSRF token from the `csrftoken` cookie. */
export function csrfToken(): string | null {
  const cookie = globalThis.document?.cookie ?? ''
  const found = /(?:^|;\s*)csrftoken=([^;]+)/.exec(cookie)
  return found?.[1] ? decodeURIComponent(found[1]) : null
}
