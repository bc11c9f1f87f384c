import type { FakeTableOptions } from '@channels-binding/core/testing'
import { field } from '../field.js'
import { TICKETS } from '../helpers.js'

const CHOICES = [
  { value: 'open', label: 'Open' },
  { value: 'done', label: 'Done' },
]
const FILTERS = [
  {
    name: 'status',
    label: 'State',
    type: 'ChoiceFilter',
    field: field({ name: 'status', type: 'ChoiceField', choices: CHOICES, required: true }),
  },
  { name: 'title__icontains', label: 'Title has', type: 'CharFilter', field: field({ name: 'title__icontains' }) },
  {
    name: 'owner',
    label: 'Owner',
    type: 'ModelChoiceFilter',
    field: field({ name: 'owner', type: 'ModelChoiceField', relation: { stream: 'auth.User' } }),
  },
  {
    name: 'urgent',
    label: 'Urgent',
    type: 'BooleanFilter',
    field: field({ name: 'urgent', type: 'NullBooleanField' }),
  },
]
/** Tickets with some filters, and whom they belong to. */
export const tables: Readonly<Record<'desk.Ticket' | 'auth.User', FakeTableOptions>> = {
  'desk.Ticket': { ...TICKETS, describe: { ...TICKETS.describe, filters: FILTERS } },
  'auth.User': { rows: [{ id: 7, username: 'ann' }] },
}
