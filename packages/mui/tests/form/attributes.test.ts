import { expect, it } from 'vitest'
import { attributesOf } from '../../src/form/attributes.js'
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
