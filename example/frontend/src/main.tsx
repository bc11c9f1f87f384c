import CssBaseline from '@mui/material/CssBaseline'
import { ThemeProvider } from '@mui/material/styles'
import { lazy, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { theme } from './theme'

// Two pages that share no client: the one is whoever has signed in, the other two users of the demo at once.
const Page = location.pathname.startsWith('/watch') ? lazy(() => import('./watch/Watch')) : lazy(() => import('./Root'))

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <ThemeProvider theme={theme}>
      <CssBaseline />
      <Suspense>
        <Page />
      </Suspense>
    </ThemeProvider>
  </StrictMode>,
)
