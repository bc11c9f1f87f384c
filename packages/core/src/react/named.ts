/** A name without that of its client, and that name; `''` where it begins with none: `'back1:app.Model'` → `['app.Model', 'back1']`. */
export function partsOf(name: string): [bare: string, server: string] {
  const colon = name.indexOf(':')
  return colon < 0 ? [name, ''] : [name.slice(colon + 1), name.slice(0, colon)]
}

/** A stream or an event as its server knows it: `'back1:app.Model'` → `'app.Model'`. */
export const bareOf = (name: string): string => partsOf(name)[0]

/** The name of the client that a stream or an event is asked of; `''` of the one without a name. */
export const serverOf = (name: string): string => partsOf(name)[1]
