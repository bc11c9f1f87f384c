import type { FormField } from '@channels-binding/core'
import {
  BooleanField,
  CheckboxesField,
  ChoiceField,
  MultipleChoiceField,
  NullBooleanField,
  RadioField,
} from './choice.js'
import { DateField, DateTimeField, TimeField } from './dates.js'
import { FileField } from './files.js'
import { JsonField } from './json.js'
import { RangeField, SeveralInputsField, SplitArrayField } from './parts.js'
import { HiddenField, ModelChoiceField, ModelMultipleChoiceField } from './relations.js'
import {
  CodeField,
  DecimalField,
  DurationField,
  EmailField,
  FloatField,
  IntegerField,
  PasswordField,
  TextInputField,
  UrlField,
} from './text.js'
import type { FieldComponent } from './types.js'

/**
 * Django's widgets and fields, by class name. Widgets stand here only where they decide alone: a `Textarea` may hold
 * text or JSON, a `Select` a choice or a row, a `NumberInput` an integer or a decimal, so there the field decides.
 */
const components = new Map<string, FieldComponent>(
  Object.entries({
    HiddenInput: HiddenField,
    MultipleHiddenInput: HiddenField,
    PasswordInput: PasswordField,
    RadioSelect: RadioField,
    CheckboxSelectMultiple: CheckboxesField,
    NullBooleanSelect: NullBooleanField,

    CharField: TextInputField,
    EmailField,
    URLField: UrlField,
    SlugField: CodeField,
    UUIDField: CodeField,
    GenericIPAddressField: CodeField,
    IntegerField,
    FloatField,
    DecimalField,
    DurationField,
    BooleanField,
    NullBooleanField,
    ChoiceField,
    MultipleChoiceField,
    DateField,
    TimeField,
    DateTimeField,
    SplitDateTimeField: DateTimeField,
    FileField,
    JSONField: JsonField,
    BaseRangeField: RangeField,
    SplitArrayField,
    MultiValueField: SeveralInputsField,
    ModelChoiceField,
    ModelMultipleChoiceField,
  }),
)

/** Gives a Django field or widget class a component, for every form from now on; returns what takes it back. */
export function registerField(name: string, component: FieldComponent): () => void {
  const before = components.get(name)
  components.set(name, component)
  return () => {
    if (before) components.set(name, before)
    else components.delete(name)
  }
}

/** The class names that have a component. */
export const registered = (): readonly string[] => [...components.keys()]

/** The component for a field: given by name, else by widget, its bases, the type, its bases, and text in the end. */
export function componentOf(field: FormField, given: Readonly<Record<string, FieldComponent>> = {}): FieldComponent {
  if (Object.hasOwn(given, field.name)) return given[field.name] as FieldComponent
  const names = [field.widget, ...(field.widget_bases ?? []), field.type, ...(field.bases ?? [])]
  const name = names.find(name => components.has(name))
  return name === undefined ? TextInputField : (components.get(name) as FieldComponent)
}
