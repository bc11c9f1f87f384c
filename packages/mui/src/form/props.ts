import type { BindingName, Pk, Row } from '@channels-binding/core'
import type { UseFormResult } from '@channels-binding/core/react'
import type { ElementType } from 'react'
import type { FormsetTexts } from './formsetTexts.js'
import type { FormTexts } from './formTexts.js'
import type { FormLayout } from './Layout.js'
import type { FieldComponent } from './types.js'
import type { FormValues } from './values.js'

/** Props of `BindingForm`. */
export interface BindingFormProps<N extends BindingName> {
  /** The stream. */
  readonly binding: N
  /** The row to change. @default a new one */
  readonly id?: Pk<N> | null
  /** Values to begin a new row with. */
  readonly initial?: Readonly<FormValues>
  /** Which fields, in which order. @default all, as the Django form has them */
  readonly fields?: readonly string[]
  /** How they stand: beside each other, under headings. @default each on a line of its own */
  readonly layout?: FormLayout
  /** Which fields are only there at certain values of others; one that is not there is sent as it is. */
  readonly conditions?: Readonly<Record<string, (values: Readonly<FormValues>) => boolean>>
  /** Which formsets, in which order. @default all, as the binding has them */
  readonly formsets?: readonly string[]
  /** What formsets say, in another language. */
  readonly formsetTexts?: Partial<FormsetTexts>
  /** What the form says, in another language. */
  readonly texts?: Partial<FormTexts>
  /** Components for some fields, by name; `'lines.text'` for a field of a formset. */
  readonly components?: Readonly<Record<string, FieldComponent>>
  /** Told what was saved, unless the form was closed before that. */
  readonly onSuccess?: (object: Row<N>) => void
  /** Shows a button that calls this. */
  readonly onCancel?: () => void
  /** Told whether there is anything that is not saved. */
  readonly onDirtyChange?: (isDirty: boolean) => void
  /** Keeps what was typed when the form goes off the page, for when it comes back. @default true */
  readonly keepDrafts?: boolean
  /** Saves a row that exists when a field was changed and left, without a button. @default false */
  readonly autosave?: boolean
  /** @default 'Save' */
  readonly submitLabel?: string
  /** What a screen reader calls the form. @default the stream's name */
  readonly label?: string
  /** What fields and buttons stand in, `DialogContent` and `DialogActions` in a dialog. */
  readonly slots?: { readonly content?: ElementType; readonly actions?: ElementType }
}

/** Props of the form once the server has described it. */
export interface LoadedFormProps<N extends BindingName> extends BindingFormProps<N> {
  readonly form: UseFormResult<N>
  readonly says: FormTexts
}
