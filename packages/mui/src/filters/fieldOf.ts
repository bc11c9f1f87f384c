import type { DescribedFilter, Description, FormField } from '@channels-binding/core'

/** The field that a filter is typed into; of `status__in`, whose field takes text with commas, the choices of `status`. */
export function fieldOf(filter: DescribedFilter, description: Description | undefined): FormField {
  const field = { ...filter.field, label: filter.label, required: false }
  const [, base] = /^(.+)__in$/.exec(filter.name) ?? []
  const choices = description?.fields.find(each => each.name === base)?.choices
  if (!choices || field.choices) return field
  return { ...field, choices, multiple: true, help_text: '', ...SEVERAL }
}

const SEVERAL = {
  type: 'MultipleChoiceField',
  bases: ['MultipleChoiceField', 'ChoiceField', 'Field'],
  widget: 'SelectMultiple',
  widget_bases: ['SelectMultiple', 'Select', 'Widget'],
}
