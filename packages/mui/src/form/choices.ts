import type { Choice, FormField } from '@channels-binding/core'
import { useSearch } from '@channels-binding/core/react'
import { useRelated } from '../stream.js'
import { labelOf, textOf } from '../text.js'

/** A choice with the heading it stands under. */
export interface Option extends Choice {
  readonly group?: string
}

/** The choices of a field in one list. */
export function optionsOf(field: FormField): Option[] {
  return (field.choices ?? []).flatMap(choice =>
    'choices' in choice ? choice.choices.map(inner => ({ ...inner, group: choice.group })) : [choice],
  )
}

/** The name of a value in a control that only knows text: 7 and `'7'` stay two values. */
export const keyOf = (value: unknown): string => JSON.stringify(value ?? null)

/** How many rows of a relation are offered as radio buttons or checkboxes. */
const MAX_RELATED = 100

/** The choices of a field; those of a relation come from the server, and stay live. What is chosen is always among them. */
export function useOptions(field: FormField, value: unknown): Option[] {
  const { relation } = field
  const isRelated = !field.choices && relation !== undefined
  const params = { limit: MAX_RELATED, ...(relation?.filters && { filters: relation.filters }) }
  const { rows } = useSearch(useRelated(relation?.stream ?? ''), params as object, { enabled: isRelated })
  if (!isRelated) return optionsOf(field)
  const offered: Option[] = rows.map(row => ({ value: row.id, label: textOf(row) }))
  const keys = new Set(offered.map(option => keyOf(option.value)))
  const chosen = ([value ?? []].flat() as Choice['value'][]).filter(each => each !== '' && !keys.has(keyOf(each)))
  return [...offered, ...chosen.map(each => ({ value: each, label: labelOf(relation.labels, each) ?? `#${each}` }))]
}
