import type { FormField } from '@channels-binding/core'
import { hasType, hasWidget } from './attributes.js'
import { isFileField } from './files.js'
import type { FormTexts } from './formTexts.js'
import { InvalidValue } from './types.js'

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)

/** What the server's own limits say of a value, before it is asked; it has the last word. `true` where nothing is wrong. */
export function check(field: FormField, value: unknown, texts: FormTexts): string | true {
  if (value instanceof InvalidValue) return value.message
  if (field.disabled || hasWidget(field, 'HiddenInput')) return true
  if (isEmpty(value) || (value === false && hasType(field, 'BooleanField') && !hasType(field, 'NullBooleanField')))
    return field.required && !isFileField(field) ? texts.required : true
  return checkText(field, value, texts) ?? checkNumber(field, value, texts) ?? true
}

function checkText({ limits = {} }: FormField, value: unknown, texts: FormTexts): string | null {
  if (typeof value !== 'string') return null
  const { max_length: most, min_length: least } = limits
  const length = [...value.trim()].length
  if (most !== undefined && length > most) return texts.tooLong(most)
  return least !== undefined && length < least ? texts.tooShort(least) : null
}

function checkNumber({ limits = {} }: FormField, value: unknown, texts: FormTexts): string | null {
  const { min_value: least, max_value: most, max_digits: digits, decimal_places: places } = limits
  const isNumber =
    typeof value === 'number' || (typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)$/.test(value.trim()))
  if (!isNumber) return null
  if (least !== undefined && isBelow(value, least)) return texts.tooSmall(String(least))
  if (most !== undefined && isBelow(most, value)) return texts.tooLarge(String(most))
  const [whole = '', fraction = ''] = String(value).trim().replace(/^[+-]/, '').split('.')
  if (places !== undefined && fraction.length > places) return texts.tooManyPlaces(places)
  return digits !== undefined && whole.replace(/^0+/, '').length + fraction.length > digits
    ? texts.tooManyDigits(digits)
    : null
}

/** Where numbers are too long to be told apart as such, the server decides. */
const isBelow = (one: unknown, other: unknown): boolean => Number(one) < Number(other)
