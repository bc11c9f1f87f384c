import { ChannelsClient } from '@channels-binding/core'
import { ChannelsProvider } from '@channels-binding/core/react'
import CssBaseline from '@mui/material/CssBaseline'
import { ThemeProvider } from '@mui/material/styles'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import { theme } from './theme'

// One client for the page, made outside React: it speaks to ws(s)://<this host>/ws/ with the session's cookie.
// It measures the round trip every three seconds, for the chip in the bar.
const client = new ChannelsClient({ heartbeat: { intervalMs: 3_000 } })

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <ThemeProvider theme={theme}>
      <CssBaseline />
      <ChannelsProvider client={client}>
        <App />
      </ChannelsProvider>
    </ThemeProvider>
  </StrictMode>,
)
