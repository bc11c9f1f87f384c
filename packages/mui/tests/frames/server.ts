/** The server of `page.tsx`, in a thread of its own: what it does is not the page's work. */
import type { DescribedField } from '@channels-binding/core'
import { FakeServer } from '@channels-binding/core/testing'

const ROWS = 100
const NAMES = ['Acme', 'Bolt', 'Cobalt', 'Dune']
const CHOICES = ['open', 'pending', 'solved', 'closed'].map(value => ({ value, label: value }))

const described = (name: string, type: DescribedField['type'], more: Partial<DescribedField> = {}): DescribedField => ({
  ...{ name, label: name, type, nullable: true, editable: true, sortable: true, multiple: false, help_text: '' },
  ...more,
})
const FIELDS = [
  described('title', 'string'),
  described('status', 'choice', { choices: CHOICES }),
  described('priority', 'choice', { choices: CHOICES }),
  described('customer', 'relation', { relation: { stream: 'shop.Customer' } }),
  described('due', 'date'),
  described('price', 'decimal'),
  described('votes', 'integer'),
  described('urgent', 'boolean'),
  described('updated', 'datetime'),
]

const rowOf = (index: number) => ({
  id: index + 1,
  title: `Ticket ${index}`,
  status: 'open',
  priority: 'closed',
  customer: (index % NAMES.length) + 1,
  due: '2026-12-01',
  price: `${index}.00`,
  votes: index,
  urgent: index % 2 === 0,
  updated: '2026-12-01T10:00:00Z',
})

const server = new FakeServer()
server.bind('shop.Customer', { rows: NAMES.map((name, index) => ({ id: index + 1, name })) })
server.bind('shop.Ticket', {
  rows: Array.from({ length: ROWS }, (_, index) => rowOf(index)),
  describe: { label_plural: 'tickets', fields: FIELDS },
  labels: () => ({ customer: Object.fromEntries(NAMES.map((name, index) => [index + 1, name])) }),
})
/** Three fields of one row change, as they do in a ticket that somebody works on. */
function push(number: number): void {
  const id = ((number * 37) % ROWS) + 1
  const status = CHOICES[number % CHOICES.length]?.value as string
  server.update('shop.Ticket', id, { status, votes: number, updated: new Date(number * 1000).toISOString() })
}

type Asked = { readonly protocols: string[] } | { readonly text: string } | { readonly push: number }

const page = self as unknown as { postMessage(message: unknown): void; onmessage: (event: { data: Asked }) => void }
let connection: ReturnType<FakeServer['accept']> = null
page.onmessage = ({ data }) => {
  if ('push' in data) push(data.push)
  else if ('text' in data) connection?.receive(data.text)
  else {
    page.postMessage({ type: 'open' })
    const send = (text: string): void => page.postMessage({ type: 'message', data: text })
    connection = server.accept({ send, close: code => page.postMessage({ type: 'close', code }) }, data.protocols)
  }
}
