import type { FormField } from '@channels-binding/core'
import { type JSX, useEffect } from 'react'
import { useTexts } from '../languages/texts.js'
import { warnOnce } from '../warnings.js'
import { withChosen, withHint } from './choices.js'
import { FORM_TEXTS } from './formTexts.js'
import type { FieldComponent, FieldProps } from './types.js'

interface FieldInputProps extends FieldProps {
  readonly component: FieldComponent
}

/**
 * A field by its component, in forms, filters and wherever else one is filled in. Where the choices are the first of more, it says so, and what
 * is chosen is among them: no stream can be searched for the others.
 */
export function FieldInput({ component: Component, ...props }: FieldInputProps): JSX.Element {
  const { field, value } = props
  const says = useTexts('form', FORM_TEXTS)
  const offered = field.truncated ? offeredOf(field) : null
  useEffect(() => {
    if (offered !== null)
      warnOnce(
        `'${field.name}' offers the first ${offered} rows of more, for no stream serves them. Bind their model, with search_fields: then they are searched.`,
      )
  }, [field.name, offered])
  if (offered === null) return <Component {...props} />
  return <Component {...props} field={withHint(withChosen(field, value), says.more(offered))} />
}

/** How many can be chosen: without the blank one, for none. */
const offeredOf = (field: FormField): number =>
  (field.choices ?? []).filter(choice => !('value' in choice) || (choice.value !== '' && choice.value !== null)).length
