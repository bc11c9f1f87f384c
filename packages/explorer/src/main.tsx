import { ChannelsProvider } from '@channels-binding/core/react'
import createCache from '@emotion/cache'
import { CacheProvider } from '@emotion/react'
import CssBaseline from '@mui/material/CssBaseline'
import { ThemeProvider } from '@mui/material/styles'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Clients } from './clients'
import { readConfig, readNonce } from './config'
import { ExplorerContext } from './context'
import { Samples } from './figures/samples'
import { App } from './shell/App'
import { theme } from './theme'

const config = readConfig()
const nonce = readNonce()
const clients = new Clients(config)
const client = clients.of('auto')
client.connect()
const samples = new Samples(clients.frames, client)
samples.start()
// The page allows no style but those that bear its nonce.
const cache = createCache({ key: 'css', prepend: true, ...(nonce && { nonce }) })

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <CacheProvider value={cache}>
      <ThemeProvider theme={theme}>
        <CssBaseline />
        <ExplorerContext.Provider value={{ config, nonce, clients, samples }}>
          <ChannelsProvider client={client}>
            <App />
          </ChannelsProvider>
        </ExplorerContext.Provider>
      </ThemeProvider>
    </CacheProvider>
  </StrictMode>,
)
