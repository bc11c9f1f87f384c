import type { ReactNode } from 'react'
import { Live } from './live'

/** A server component around everything; what follows the server is a client component. */
export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <Live>{children}</Live>
      </body>
    </html>
  )
}
