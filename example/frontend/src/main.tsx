import { lazy, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { Themed } from './look/Themed'

// Two pages that share no client: the one is whoever has signed in, the other two users of the demo at once.
const Page = location.pathname.startsWith('/watch') ? lazy(() => import('./watch/Watch')) : lazy(() => import('./Root'))

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Themed>
      <Suspense>
        <Page />
      </Suspense>
    </Themed>
  </StrictMode>,
)
