// As `manage.py bindings_types --server back1` writes it.
export interface DeskTicketRow {
  id: number
  title: string
  customer: number
}

export interface DeskCustomerRow {
  id: number
  name: string
}

export interface AppBindings {
  'desk.Ticket': {
    pk: number
    row: DeskTicketRow
    create: { title: string; customer: number }
    update: { title?: string; customer?: number }
    filters: { title: string }
    order: 'title'
    expand: { customer: { stream: 'desk.Customer'; many: false } }
    events: { close: { in: { why: string }; out: { closed: boolean } } }
  }
  'desk.Customer': {
    pk: number
    row: DeskCustomerRow
    create: never
    update: never
    filters: Record<string, never>
    order: 'name'
    measures: { count: number }
    groups: { name: string }
    events: Record<never, never>
  }
}

declare module '@channels-binding/core' {
  interface Servers {
    back1: AppBindings
  }
}
