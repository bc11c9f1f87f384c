const told = new Set<string>()

/** Tells whoever writes the page of what is left out, once, in the browser's console. */
export function warnOnce(message: string): void {
  if (told.has(message)) return
  told.add(message)
  console.warn(message)
}

/** Names that the server does not know of this user, each told once. */
export function warnOfUnknown(
  binding: string,
  what: string,
  unknown: readonly string[],
  known: readonly string[],
): void {
  for (const name of unknown)
    warnOnce(`${binding} has no ${what} '${name}' for this user; there are: ${known.join(', ') || 'none'}.`)
}
