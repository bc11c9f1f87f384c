import type { FormField } from '@channels-binding/core'

/** HTML attributes as Django writes them, by the names that React wants. */
const NAMES: Readonly<Record<string, string>> = {
  class: 'className',
  maxlength: 'maxLength',
  minlength: 'minLength',
  readonly: 'readOnly',
  autocomplete: 'autoComplete',
  autocapitalize: 'autoCapitalize',
  autofocus: 'autoFocus',
  inputmode: 'inputMode',
  spellcheck: 'spellCheck',
  tabindex: 'tabIndex',
}

const IGNORED = new Set(['style', 'type', 'name', 'id', 'value', 'required', 'disabled'])

/** The widget's attributes for an input: `{class: 'x'}` → `{className: 'x'}`; no handlers, no styles. */
export function attributesOf(field: FormField): Record<string, unknown> {
  const { max_length, min_length } = field.limits ?? {}
  const entries = Object.entries(field.attrs ?? {}).filter(([name]) => !IGNORED.has(name) && !name.startsWith('on'))
  return {
    name: field.name,
    ...(max_length !== undefined && { maxLength: max_length }),
    ...(min_length !== undefined && { minLength: min_length }),
    ...Object.fromEntries(entries.map(([name, value]) => [NAMES[name] ?? name, value])),
  }
}

/** Whether the widget is of this class, or derives from it. */
export function hasWidget(field: FormField, name: string): boolean {
  return field.widget === name || (field.widget_bases ?? []).includes(name)
}

/** Whether the field is of this class, or derives from it. */
export function hasType(field: FormField, name: string): boolean {
  return field.type === name || (field.bases ?? []).includes(name)
}
