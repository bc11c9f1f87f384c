import CssBaseline from '@mui/material/CssBaseline'
import { ThemeProvider } from '@mui/material/styles'
import { type JSX, lazy, type ReactNode, Suspense, useLayoutEffect, useMemo } from 'react'
import { useLook } from './look'
import { themeOf } from './theme'

// What mirrors the styles is loaded by who reads from right to left.
const RightToLeft = lazy(() => import('./RightToLeft'))

/** The page in the colours, the contrast and the direction that were chosen. */
export function Themed({ children }: { readonly children: ReactNode }): JSX.Element {
  const look = useLook()
  const { isRightToLeft } = look
  const theme = useMemo(() => themeOf(look), [look])
  useLayoutEffect(() => {
    document.documentElement.dir = isRightToLeft ? 'rtl' : 'ltr'
  }, [isRightToLeft])
  const page = (
    <ThemeProvider theme={theme}>
      <CssBaseline />
      {children}
    </ThemeProvider>
  )
  if (!isRightToLeft) return page
  return (
    <Suspense>
      <RightToLeft>{page}</RightToLeft>
    </Suspense>
  )
}
