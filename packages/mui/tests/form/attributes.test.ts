import { expect, it } from 'vitest'
import { attributesOf, hasType, hasWidget } from '../../src/form/attributes.js'
import { field } from '../field.js'

it('takes attributes as Django writes them, but no handlers', () => {
  const attrs = { class: 'wide', maxlength: '5', 'data-x': 1, onclick: 'evil()', style: 'x', placeholder: 'p' }
  expect(attributesOf(field({ name: 'a', attrs, limits: { max_length: 80 } }))).toEqual({
    name: 'a',
    className: 'wide',
    maxLength: '5',
    'data-x': 1,
    placeholder: 'p',
  })
})

it('knows a field and a widget by their class, and by those that it derives from', () => {
  const mine = { type: 'MyField', bases: ['MyField', 'CharField'], widget: 'MyInput', widget_bases: ['Input'] }
  const derived = field({ name: 'a', ...mine })
  expect(['MyField', 'CharField', 'DateField'].map(name => hasType(derived, name))).toEqual([true, true, false])
  expect(['MyInput', 'Input', 'Textarea'].map(name => hasWidget(derived, name))).toEqual([true, true, false])
  const plain = field({ name: 'a' })
  expect([hasType(plain, 'DateField'), hasWidget(plain, 'Textarea')]).toEqual([false, false])
})

it('bounds the length as the field does, unless the widget says otherwise', () => {
  const limits = { min_length: 2, max_length: 80 }
  expect(attributesOf(field({ name: 'a', limits }))).toEqual({ name: 'a', minLength: 2, maxLength: 80 })
  expect(attributesOf(field({ name: 'a' }))).toEqual({ name: 'a' })
})
