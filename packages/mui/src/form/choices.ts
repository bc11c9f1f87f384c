import type { Choice, FormField } from '@channels-binding/core'
import { useSearch } from '@channels-binding/core/react'
import { useEffect } from 'react'
import { useTexts } from '../languages/texts.js'
import { useRelated } from '../stream.js'
import { labelOf, textOf } from '../text.js'
import { warnOnce } from '../warnings.js'
import { FORM_TEXTS } from './formTexts.js'

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

/** The field, which says below it that there are more choices than it offers. */
export const withHint = (field: FormField, hint: string): FormField => ({
  ...field,
  help_text: `${field.help_text ?? ''} ${hint}`.trim(),
})

/** The field with what is chosen among its choices, by its key where no text of it is known. */
export function withChosen(field: FormField, value: unknown): FormField {
  const missing = missingOf(optionsOf(field), value)
  return missing.length ? { ...field, choices: [...(field.choices ?? []), ...missing.map(unnamed)] } : field
}

/** What is chosen and not among the options. */
function missingOf(options: readonly Option[], value: unknown): Choice['value'][] {
  const keys = new Set(options.map(option => keyOf(option.value)))
  return ([value ?? []].flat() as Choice['value'][]).filter(each => each !== '' && !keys.has(keyOf(each)))
}

const unnamed = (value: Choice['value']): Choice => ({ value, label: `#${value}` })

interface Offered {
  readonly options: readonly Option[]
  /** The field, with what is to be said of its choices. */
  readonly field: FormField
}

/** The choices of a field; those of a relation come from the server, and stay live. What is chosen is always among them. */
export function useOptions(field: FormField, value: unknown): Offered {
  const { relation } = field
  const isRelated = !field.choices && relation !== undefined
  const params = { limit: MAX_RELATED, ...(relation?.filters && { filters: relation.filters }) }
  const says = useTexts('form', FORM_TEXTS)
  const { rows, count } = useSearch(useRelated(relation?.stream ?? ''), params as object, { enabled: isRelated })
  const isCut = isRelated && (count ?? 0) > rows.length
  useEffect(() => {
    if (isCut)
      warnOnce(
        `'${field.name}' shows a button for each of ${MAX_RELATED} rows, and there are more: a Select is searched instead.`,
      )
  }, [field.name, isCut])
  if (!isRelated) return { options: optionsOf(field), field }
  const offered: Option[] = rows.map(row => ({ value: row.id, label: textOf(row) }))
  const chosen = missingOf(offered, value).map(each => {
    const label = labelOf(relation.labels, each)
    return label === undefined ? unnamed(each) : { value: each, label }
  })
  return {
    options: [...offered, ...chosen],
    field: isCut ? withHint(field, says.more(offered.length)) : field,
  }
}
