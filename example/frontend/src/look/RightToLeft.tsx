import createCache from '@emotion/cache'
import { CacheProvider } from '@emotion/react'
import rtl from '@mui/stylis-plugin-rtl'
import type { JSX, ReactNode } from 'react'
import { prefixer } from 'stylis'

/** Styles of their own, each mirrored: what stood left stands right. */
const styles = createCache({ key: 'rtl', stylisPlugins: [prefixer, rtl] })

/** Mirrors the styles of what is in it. */
export default function RightToLeft({ children }: { readonly children: ReactNode }): JSX.Element {
  return <CacheProvider value={styles}>{children}</CacheProvider>
}
