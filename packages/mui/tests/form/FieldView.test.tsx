import { type FieldProps, InvalidValue } from '@channels-binding/mui/form'
import { render, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import type { JSX } from 'react'
import { useForm } from 'react-hook-form'
import { expect, it, vi } from 'vitest'
import { FieldView } from '../../src/form/FieldView.js'
import { field } from '../field.js'

/** A component that takes "?" for a value that cannot be sent. */
function Plain({ field, value, onChange, onBlur, error, disabled, inputRef }: FieldProps): JSX.Element {
  const change = (text: string): void => onChange(text.includes('?') ? new InvalidValue(text, 'No questions.') : text)
  const text = value instanceof InvalidValue ? value.text : String(value)
  return (
    <label>
      {field.label}
      <input value={text} ref={inputRef} disabled={disabled} onBlur={onBlur} onChange={e => change(e.target.value)} />
      {error}
    </label>
  )
}

interface FormProps {
  readonly onEdit: () => void
  readonly onSubmit: (values: object) => void
}

function Form({ onEdit, onSubmit }: FormProps): JSX.Element {
  const { control, handleSubmit } = useForm<Record<string, unknown>>({ defaultValues: { title: 'Printer', no: 'x' } })
  const view = { control, component: Plain, onEdit }
  return (
    <form onSubmit={event => void handleSubmit(onSubmit)(event)}>
      <FieldView {...view} name="title" field={field({ name: 'title' })} />
      <FieldView {...view} name="no" field={field({ name: 'no', disabled: true })} />
      <button type="submit">Save</button>
    </form>
  )
}

it('draws a field by its component, keeps its value, and says that it was changed', async () => {
  const user = userEvent.setup()
  const [onEdit, onSubmit] = [vi.fn(), vi.fn()]
  render(<Form onEdit={onEdit} onSubmit={onSubmit} />)
  expect(screen.getByLabelText('Title')).toHaveValue('Printer')
  expect(screen.getByLabelText('No')).toBeDisabled()
  await user.type(screen.getByLabelText('Title'), '!')
  expect(onEdit).toHaveBeenCalledOnce()
  await user.click(screen.getByText('Save'))
  expect(onSubmit.mock.calls[0]?.[0]).toEqual({ title: 'Printer!', no: 'x' })
})

it('submits nothing while a value cannot be sent, and says why', async () => {
  const user = userEvent.setup()
  const onSubmit = vi.fn()
  render(<Form onEdit={vi.fn()} onSubmit={onSubmit} />)
  await user.type(screen.getByLabelText('Title'), '?')
  await user.click(screen.getByText('Save'))
  expect(await screen.findByText(/No questions\./)).toBeInTheDocument()
  expect(onSubmit).not.toHaveBeenCalled()
})
