import { componentOf, registerField } from '@channels-binding/mui/form'
import { expect, it } from 'vitest'
import { field } from '../field.js'
import { itSends, type } from './fields.js'

itSends([
  [
    'an unknown class',
    { type: 'MyField', bases: ['MyField', 'IntegerField', 'Field'], widget: 'MyWidget' },
    type('It', '7'),
    7,
  ],
  ['an unknown class without a known base', { type: 'MyField', widget: 'MyWidget' }, type('It', 'x'), 'x'],
])

it('finds a component by name, widget, its bases, type, its bases, in this order', () => {
  const [A, B] = [() => <i>a</i>, () => <i>b</i>]
  const mine = field({
    name: 'x',
    type: 'MyField',
    bases: ['MyField', 'CharField'],
    widget: 'MyWidget',
    widget_bases: ['MyWidget', 'Input'],
  })
  expect(componentOf(mine)).toBe(componentOf(field({ name: 'y' })))
  const undo = [registerField('MyField', A)]
  expect(componentOf(mine)).toBe(A)
  undo.push(registerField('Input', B))
  expect(componentOf(mine)).toBe(B)
  expect(componentOf(mine, { x: A })).toBe(A)
  for (const back of undo.reverse()) back()
  expect(componentOf(mine)).toBe(componentOf(field({ name: 'y' })))
  expect(componentOf(field({ name: 'constructor' }), {})).toBe(componentOf(field({ name: 'y' })))
})
