'use client'

export { ModelAutocomplete, type ModelAutocompleteProps, type ModelKey } from '../ModelAutocomplete.js'
export { BindingForm, BindingForm as Form, type BindingFormProps } from './BindingForm.js'
export type { FormsetTexts } from './formsetTexts.js'
export { componentOf, registerField } from './registry.js'
export { type FieldComponent, type FieldProps, InvalidValue } from './types.js'
export type { FormValues } from './values.js'
