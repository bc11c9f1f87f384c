import type { FormField } from '@channels-binding/core'
import { hasType, hasWidget } from './attributes.js'
import { isFileField } from './files.js'

/** The values of a form. */
export type FormValues = Record<string, unknown>

/** Some of the values. */
export const picked = (values: Readonly<FormValues>, names: readonly string[]): FormValues =>
  Object.fromEntries(names.map(name => [name, values[name]]))

/** What the fields hold at the start, with what the application wants in there. */
export function valuesOf(fields: readonly FormField[], initial: Readonly<FormValues> = {}): FormValues {
  return Object.fromEntries(
    fields.map(field => [field.name, field.value ?? initial[field.name] ?? field.initial ?? emptyOf(field)]),
  )
}

function emptyOf(field: FormField): unknown {
  if (field.multiple) return []
  if (hasType(field, 'JSONField')) return null
  if (hasType(field, 'NullBooleanField')) return null
  if (hasType(field, 'BooleanField')) return false
  return hasType(field, 'CharField') || hasWidget(field, 'Textarea') ? '' : null
}

/** Whether a value is the description of a file that the server has: `{name, url}` or its address. */
const isStored = (value: unknown): boolean =>
  typeof value === 'string' || (typeof value === 'object' && value !== null && 'url' in value)

export const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (!(a instanceof Blob) && !(b instanceof Blob) && JSON.stringify(a) === JSON.stringify(b))

/** Fields in which there is something to send: of a row that is there those that say something else than the server, of a new one all. */
export function toSend(
  fields: readonly FormField[],
  values: Readonly<FormValues>,
  before: Readonly<FormValues>,
  isNew: boolean,
): readonly FormField[] {
  const stored = valuesOf(fields)
  const isLeft = ({ name, withheld }: FormField): boolean =>
    withheld ? isSame(values[name], before[name]) : !isNew && isSame(values[name], stored[name])
  return fields.filter(field => !isLeft(field))
}

/** What is sent: nothing of disabled fields, and no file that was there before. */
export function submissionOf(fields: readonly FormField[], values: Readonly<FormValues>): FormValues {
  const sent = fields.filter(field => !field.disabled && !(isFileField(field) && isStored(values[field.name])))
  return Object.fromEntries(sent.map(field => [field.name, values[field.name]]))
}
