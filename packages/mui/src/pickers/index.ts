'use client'

export { DatePickerField, DateTimePickerField, registerPickers, TimePickerField } from './pickers.js'
