// Written by `manage.py bindings_types`; change the bindings, not this file.

export interface AuthGroupRow {
  id: number
  name: string
}

export interface AuthUserRow {
  id: number
  username: string
  first_name: string
  last_name: string
  email: string
  is_active: boolean
}

export interface DeskCommentRow {
  id: number
  ticket: number
  author: number | null
  text: string
  created: string
}

export interface DeskCustomerRow {
  id: number
  name: string
  email: string
  company: string
  city: string
  vip: boolean
  since: string
}

export interface DeskStepRow {
  id: number
  ticket: number
  text: string
  minutes: number | null
  done: boolean
  position: number
}

export interface DeskTagRow {
  id: number
  name: string
  color: string
}

export interface DeskTaskRow {
  id: number
  title: string
  state: 'running' | 'done' | 'failed'
  done: number
  total: number
  result: unknown
  owner: number
  created: string
  updated: string
}

export interface DeskTicketRow {
  id: number
  title: string
  status: 'open' | 'pending' | 'solved' | 'closed'
  priority: 'low' | 'normal' | 'high' | 'urgent'
  group: number
  assignee: number | null
  customer: number
  tags: number[]
  due_date: string | null
  price: string
  attachment: string | null
  body: string
  created: string
  updated: string
}

export interface AppBindings {
  'auth.Group': {
    pk: number
    row: AuthGroupRow
    create: never
    update: never
    filters: Record<string, never>
    order: 'id' | 'name'
    events: Record<never, never>
  }
  'auth.User': {
    pk: number
    row: AuthUserRow
    create: { username: string; first_name?: string; last_name?: string; email?: string; is_active?: boolean }
    update: { username?: string; first_name?: string; last_name?: string; email?: string; is_active?: boolean }
    filters: { is_active: boolean; groups: number[]; username: string; username__icontains: string }
    order: 'id' | 'username' | 'first_name' | 'last_name' | 'email' | 'is_active'
    events: Record<never, never>
  }
  custom_stream: {
    pk: never
    row: object
    create: never
    update: never
    filters: object
    order: never
    events: {
      custom_event: { in: Record<string, unknown>; out: { msg: string } }
      custom_group_event: { in: never; out: { msg: string } }
      custom_all_event: { in: never; out: { msg: string } }
    }
  }
  'desk.Comment': {
    pk: number
    row: DeskCommentRow
    create: { ticket: number; text: string }
    update: { ticket?: number; text?: string }
    filters: { ticket: number; author: number }
    order: 'id' | 'ticket' | 'author' | 'text' | 'created'
    events: Record<never, never>
  }
  'desk.Customer': {
    pk: number
    row: DeskCustomerRow
    create: { name: string; email: string; company?: string; city?: string; vip?: boolean; since?: string }
    update: { name?: string; email?: string; company?: string; city?: string; vip?: boolean; since?: string }
    filters: { city: string; vip: boolean; company: string; company__icontains: string; since__gte: string; since__lte: string }
    order: 'id' | 'name' | 'email' | 'company' | 'city' | 'vip' | 'since'
    events: Record<never, never>
  }
  'desk.Step': {
    pk: number
    row: DeskStepRow
    create: never
    update: never
    filters: { ticket: number; done: boolean }
    order: 'id' | 'ticket' | 'text' | 'minutes' | 'done' | 'position'
    events: Record<never, never>
  }
  'desk.Tag': {
    pk: number
    row: DeskTagRow
    create: { name: string; color?: string }
    update: { name?: string; color?: string }
    filters: Record<string, never>
    order: 'id' | 'name' | 'color'
    events: Record<never, never>
  }
  'desk.Task': {
    pk: number
    row: DeskTaskRow
    create: never
    update: never
    filters: Record<string, never>
    order: 'id' | 'title' | 'state' | 'done' | 'total' | 'result' | 'owner' | 'created' | 'updated'
    events: {
      resume: { in: { id: number }; out: { id: number } }
      start: { in: Record<string, unknown>; out: { id: number } }
    }
  }
  'desk.Ticket': {
    pk: number
    row: DeskTicketRow
    create: { title: string; status?: 'open' | 'pending' | 'solved' | 'closed'; priority?: 'low' | 'normal' | 'high' | 'urgent'; group: number; assignee?: number | null; customer: number; tags?: number[]; due_date?: string | null; price?: string; attachment?: { $file: string }; body?: string }
    update: { title?: string; status?: 'open' | 'pending' | 'solved' | 'closed'; priority?: 'low' | 'normal' | 'high' | 'urgent'; group?: number; assignee?: number | null; customer?: number; tags?: number[]; due_date?: string | null; price?: string; attachment?: { $file: string }; body?: string }
    filters: { status: 'open' | 'pending' | 'solved' | 'closed'; status__in: string[]; priority: 'low' | 'normal' | 'high' | 'urgent'; priority__in: string[]; group: number; assignee: number; assignee__isnull: boolean; customer: number; tags: number[]; due_date__gte: string; due_date__lte: string; due_date__isnull: boolean; price__gte: number | string; price__lte: number | string }
    order: 'id' | 'title' | 'status' | 'priority' | 'due_date' | 'price' | 'created' | 'updated'
    presence: true
    measures: { count: number; 'sum:price': string | null; 'avg:price': string | null; 'max:created': string | null }
    groups: { status: 'open' | 'pending' | 'solved' | 'closed'; priority: 'low' | 'normal' | 'high' | 'urgent'; group: number; assignee: number | null; 'created:day': string; 'created:month': string }
    events: {
      close: { in: { id: number }; out: { success: boolean; id: number } }
    }
  }
  'desk.board': {
    pk: string
    row: object
    create: never
    update: never
    filters: object
    order: never
    presence: true
    events: Record<never, never>
  }
  'desk.check': {
    pk: never
    row: object
    create: never
    update: never
    filters: object
    order: never
    events: {
      tickets: { in: Record<string, unknown>; out: { count: number } }
    }
  }
  'desk.life': {
    pk: never
    row: object
    create: never
    update: never
    filters: object
    order: never
    events: {
      start: { in: { per_second?: number }; out: { per_second: number; running: boolean; changed: number } }
      status: { in: Record<string, unknown>; out: { per_second: number; running: boolean; changed: number } }
      stop: { in: Record<string, unknown>; out: { per_second: number; running: boolean; changed: number } }
    }
  }
}

// @ts-ignore: the types can be used without the package, which there is nothing to tell then
declare module '@channels-binding/core' {
  interface Register {
    bindings: AppBindings
  }
}
