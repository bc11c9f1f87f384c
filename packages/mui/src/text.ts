/** What stands for a row where there is room for one text only: its `label`, `name`, `title`, `username`, or `#id`. */
export function textOf(row: Readonly<Record<string, unknown>>): string {
  const text = row.label ?? row.name ?? row.title ?? row.username
  return text === undefined || text === null ? `#${row.id}` : String(text)
}

/** The first message of each field error, in one sentence for people. */
export function messagesOf(errors: readonly { readonly message: string }[] | undefined): string {
  return (errors ?? []).map(error => error.message).join(' ')
}
