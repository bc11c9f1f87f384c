/**
 * What the streams of this example hold. TypeScript then knows their names, fields, filters and events:
 * `useSearch('desk.Tickt')` does not compile, and `row.title` is a string.
 */
export interface Ticket {
  id: number
  title: string
  status: string
  priority: string
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

export interface Comment {
  id: number
  ticket: number
  author: number | null
  text: string
  created: string
}

/** The state of the simulated traffic. */
export interface Traffic {
  per_second: number
  running: boolean
  changed: number
}

interface Model<R extends object, Filters extends object = object, Events extends object = object> {
  pk: number
  row: R
  create: Partial<R>
  update: Partial<R>
  filters: Filters
  order: keyof R & string
  events: Events
}

interface Events<E extends object> {
  pk: never
  row: object
  create: object
  update: object
  filters: object
  order: never
  events: E
}

interface Message {
  msg: string
}

declare module '@channels-binding/core' {
  interface Register {
    bindings: {
      'desk.Ticket': Model<
        Ticket,
        { status: string; priority: string; group: number },
        { close: { in: { id: number }; out: { success: boolean; id: number } } }
      >
      'desk.Comment': Model<Comment, { ticket: number }>
      'desk.Tag': Model<{ id: number; name: string; color: string }>
      'desk.Customer': Model<{ id: number; name: string; email: string }>
      'auth.Group': Model<{ id: number; name: string }>
      'auth.User': Model<
        { id: number; username: string; first_name: string; last_name: string },
        { is_active: boolean }
      >
      'desk.life': Events<{
        status: { in: object; out: Traffic }
        start: { in: { per_second: number }; out: Traffic }
        stop: { in: object; out: Traffic }
      }>
      custom_stream: Events<{
        custom_event: { in: { sender: string }; out: Message }
        custom_group_event: { in: never; out: Message }
        custom_all_event: { in: never; out: Message }
      }>
    }
  }
}
