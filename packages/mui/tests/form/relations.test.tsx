import { itSends, pick } from './fields.js'

itSends([
  [
    'ModelChoiceField',
    {
      type: 'ModelChoiceField',
      widget: 'Select',
      bases: ['ModelChoiceField', 'ChoiceField'],
      relation: { stream: 'auth.User' },
    },
    pick('It', 'ben'),
    8,
  ],
  [
    'ModelMultipleChoiceField',
    {
      type: 'ModelMultipleChoiceField',
      widget: 'SelectMultiple',
      multiple: true,
      value: [7],
      relation: { stream: 'auth.User', labels: { 7: 'ann' } },
    },
    pick('It', 'ben'),
    [7, 8],
  ],
  ['HiddenInput', { type: 'CharField', widget: 'HiddenInput', initial: 'kept' }, async () => undefined, 'kept'],
])
