import { canonical, type FormField } from '@channels-binding/core'
import type { Conflict } from '@channels-binding/core/writes'
import { useCallback, useState } from 'react'
import { labelOf, plainText } from '../text.js'
import { optionsOf } from './choices.js'
import { InvalidValue } from './types.js'
import { type FormValues, picked } from './values.js'

/** What the server had in the fields that this user has touched since. */
export interface Touched {
  readonly seen: Readonly<FormValues>
  /** The user begins to change a field. */
  readonly touch: (name: string) => void
  /** The server's value of these fields is known to the user now. */
  readonly accept: (now: Readonly<FormValues>) => void
  readonly forget: () => void
  /** Takes up what was seen in an earlier life of the form. */
  readonly resume: (seen: Readonly<FormValues>) => void
}

/** Remembers what stood in each field when the user began to change it: others may change it meanwhile. */
export function useTouched(server: Readonly<FormValues>): Touched {
  const [seen, setSeen] = useState<Readonly<FormValues>>({})
  const touch = useCallback(
    (name: string) => setSeen(before => (Object.hasOwn(before, name) ? before : { ...before, [name]: server[name] })),
    [server],
  )
  const accept = useCallback((now: Readonly<FormValues>) => setSeen(before => ({ ...before, ...now })), [])
  const forget = useCallback(() => setSeen({}), [])
  return { seen, touch, accept, forget, resume: setSeen }
}

const textOf = (value: unknown): string => (value instanceof InvalidValue ? value.text : canonical(value ?? null))

const isFile = (value: unknown): boolean =>
  typeof Blob !== 'undefined' && [value].flat().some(each => each instanceof Blob)

/** Whether two values of a field are the same; files are where they are one. */
export const isSame = (one: unknown, other: unknown): boolean =>
  one === other || (!isFile(one) && !isFile(other) && textOf(one) === textOf(other))

/** What was typed over what was sent: it is not saved with it. */
export const typedSince = (sent: Readonly<FormValues>, typed: Readonly<FormValues>): FormValues =>
  picked(
    typed,
    Object.keys(sent).filter(name => Object.hasOwn(typed, name) && !isSame(typed[name], sent[name])),
  )

/** What both this user and others have changed since the user began; `null` where there is nothing. */
export function conflictIn(
  typed: Readonly<FormValues>,
  server: Readonly<FormValues>,
  seen: Readonly<FormValues>,
): Conflict | null {
  const names = Object.keys(seen).filter(
    name => !isSame(server[name], seen[name]) && !isSame(typed[name], seen[name]) && !isSame(typed[name], server[name]),
  )
  if (!names.length) return null
  return { mine: picked(typed, names), theirs: picked(server, names), base: picked(seen, names) }
}

/** What the user has not touched and what differs between two states of the server's, in words. */
export function changedLabels(
  fields: readonly { readonly name: string; readonly label: string }[],
  before: Readonly<FormValues>,
  now: Readonly<FormValues>,
  typed: Readonly<FormValues>,
): string[] {
  const others = fields.filter(
    ({ name }) => Object.hasOwn(before, name) && !isSame(before[name], now[name]) && isSame(typed[name], before[name]),
  )
  return others.map(field => field.label)
}

/** A value of a field in words: the names of choices and related rows, of a file its name. */
export function valueText(field: FormField | undefined, value: unknown): string {
  if (value === null || value === undefined || value === '') return ''
  if (Array.isArray(value)) return value.map(each => valueText(field, each)).join(', ')
  if (value instanceof InvalidValue) return value.text
  if (typeof Blob !== 'undefined' && value instanceof Blob) return value instanceof File ? value.name : ''
  const choice = field && optionsOf(field).find(option => option.value === value)
  const label = choice?.label ?? labelOf(field?.relation?.labels, value)
  if (label !== undefined) return label
  return plainText(value)
}
