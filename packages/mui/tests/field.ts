import type { FormField } from '@channels-binding/core'

/** A Django form field as the server describes it: one line of text, unless said otherwise. */
export const field = (part: Partial<FormField> & { name: string }): FormField => ({
  type: 'CharField',
  widget: 'TextInput',
  label: part.name.charAt(0).toUpperCase() + part.name.slice(1),
  required: false,
  ...part,
})
