import { createContext, type JSX, useContext } from 'react'
import type { FormOfAny } from '../AddDialog.js'
import { ModelAutocomplete, type ModelAutocompleteProps } from '../ModelAutocomplete.js'
import { useRelated } from '../stream.js'
import { ChoiceField, MultipleChoiceField } from './choice.js'
import type { FieldProps } from './types.js'

/** The form by which rows that are missing can be added where one is chosen: in forms there is one, in filters there is none. */
export const AddingContext: React.Context<FormOfAny | undefined> = createContext<FormOfAny | undefined>(undefined)

/** A row of another stream, or several, found by typing; a plain choice where the server sends the choices. */
export function ModelChoiceField(props: FieldProps): JSX.Element {
  const { field, value, onChange, onBlur, error, disabled, inputRef } = props
  const { relation } = field
  const creatable = useContext(AddingContext)
  const related = useRelated(relation?.stream ?? '')
  if (!relation) return field.multiple ? <MultipleChoiceField {...props} /> : <ChoiceField {...props} />
  return (
    <ModelAutocomplete
      binding={related}
      value={value as ModelAutocompleteProps['value']}
      onChange={onChange}
      onBlur={onBlur}
      multiple={field.multiple ?? false}
      creatable={creatable}
      {...(relation.filters && { filters: relation.filters })}
      {...(relation.labels && { labels: relation.labels })}
      label={field.label}
      required={(field.required ?? false) && !field.multiple}
      disabled={disabled}
      error={error !== undefined}
      helperText={error ?? field.help_text}
      inputRef={inputRef}
    />
  )
}

/** Rows of another stream. */
export function ModelMultipleChoiceField(props: FieldProps): JSX.Element {
  return <ModelChoiceField {...props} field={{ ...props.field, multiple: true }} />
}

/** Nothing to see; the value stays, and what is wrong with it stands above the form, as Django does it. */
export function HiddenField(): null {
  return null
}
