import { createContext, useContext } from 'react'
import type { Clients } from './clients'
import type { Config } from './config'
import type { Samples } from './figures/samples'

/** What every part of the page may need. */
export interface Explorer {
  readonly config: Config
  readonly nonce: string | undefined
  readonly clients: Clients
  readonly samples: Samples
}

export const ExplorerContext = createContext<Explorer | null>(null)

/** The page's configuration and clients. */
export function useExplorer(): Explorer {
  const explorer = useContext(ExplorerContext)
  if (!explorer) throw new Error('There is no ExplorerContext.')
  return explorer
}
