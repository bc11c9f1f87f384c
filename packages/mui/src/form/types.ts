import type { FormField } from '@channels-binding/core'
import type { ComponentType, Ref } from 'react'

/** What every component of a form field gets; the value is JSON as the server wants it. */
export interface FieldProps {
  readonly field: FormField
  readonly value: unknown
  readonly onChange: (value: unknown) => void
  readonly onBlur: () => void
  /** What is wrong, for people; `undefined` where nothing is. */
  readonly error: string | undefined
  readonly disabled: boolean
  /** Of the control that takes the focus. */
  readonly inputRef: Ref<HTMLInputElement>
}

/** A component for a form field. */
export type FieldComponent = ComponentType<FieldProps>

/** A value that cannot be sent, such as JSON that is none; the form says why and does not submit. */
export class InvalidValue {
  readonly text: string
  readonly message: string

  constructor(text: string, message: string) {
    this.text = text
    this.message = message
  }
}
