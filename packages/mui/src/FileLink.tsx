import Link from '@mui/material/Link'
import type { ReactNode } from 'react'

/** Addresses of files are of a server; a value that is none may be anything. */
const ADDRESS = /^(https?:\/\/|blob:|\/|\.{0,2}\/|[\w%.-]+(\/|$|\?))/i

/** `'https://x/media/a/cover%201.png?signature=…'` → `'cover 1.png'` */
export function fileName(address: string): string {
  const name =
    address
      .replace(/[?#].*$/, '')
      .split('/')
      .at(-1) || address
  try {
    return decodeURIComponent(name)
  } catch {
    return name // a % that is none of an address
  }
}

/** A link to a file, by its name; its name alone where that is no address. */
export function FileLink({ address }: { readonly address: string }): ReactNode {
  const name = fileName(address)
  return ADDRESS.test(address) ? <Link href={address}>{name}</Link> : name
}
