import type { DescribedField, Description } from '@channels-binding/core'
import type { OfferedAction } from '../server'

type Data = Record<string, unknown>

const EXAMPLES: Readonly<Record<string, unknown>> = {
  string: '',
  text: '',
  integer: 0,
  float: 0,
  decimal: '0.00',
  boolean: false,
  date: '2026-01-31',
  datetime: '2026-01-31T12:00:00Z',
  time: '12:00:00',
  duration: '01:00:00',
  uuid: '00000000-0000-4000-8000-000000000000',
  email: 'somebody@example.com',
  url: 'https://example.com/',
  ip: '192.0.2.1',
  slug: 'a-slug',
  json: {},
  list: [],
  object: {},
}

/** Data that an action may be asked with: something for each argument, from what `describe` says, to be changed by hand. */
export function preparedData(action: OfferedAction, description: Description | undefined): Data {
  if (!action.builtin || !description) return { ...action.data }
  const order = description.ordering[0]
  const values = Object.fromEntries(description.fields.filter(({ editable }) => editable).map(exampleOf))
  const [first] = Object.entries(values)
  const prepared: Record<string, Data> = {
    retrieve: { id: 1 },
    search: { page: 1, limit: description.page_size, ...(order && { order }), filters: {} },
    list: { ...(order && { order }), filters: {} },
    aggregate: { measures: ['count'], by: description.aggregate?.by.slice(0, 1) ?? [] },
    create: values,
    update: { id: 1, ...(first && { [first[0]]: first[1] }) },
    replace: { id: 1, ...values },
    save: { id: 1, ...(first && { [first[0]]: first[1] }) },
    delete: { id: 1 },
  }
  return prepared[action.name] ?? { ...action.data }
}

function exampleOf(field: DescribedField): [string, unknown] {
  if (field.multiple) return [field.name, []]
  if (field.type === 'choice') return [field.name, field.choices?.[0]?.value ?? '']
  if (field.nullable || field.type === 'relation') return [field.name, field.nullable ? null : 1]
  return [field.name, EXAMPLES[field.type] ?? null]
}

/** What somebody has typed, as data; a message where it is none. */
export function parseData(text: string): { readonly data: Data } | { readonly problem: string } {
  if (!text.trim()) return { data: {} }
  try {
    const data: unknown = JSON.parse(text)
    if (typeof data === 'object' && data !== null && !Array.isArray(data)) return { data: data as Data }
    return { problem: 'The data of a message is an object: {…}' }
  } catch (error) {
    return { problem: `This is no JSON: ${(error as Error).message}` }
  }
}
