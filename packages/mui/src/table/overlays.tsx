import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { createContext, type JSX, useContext } from 'react'
import { TABLE_TEXTS, type TableTexts } from './texts.js'

/** Why a table shows no rows. */
export interface Emptiness {
  readonly error: string | null
  readonly retry: () => void
  /** Whether filters or a query may be the reason. */
  readonly isNarrowed: boolean
  /** Takes the user's own filters away; `null` where there are none. */
  readonly clear: (() => void) | null
  /** What the rows are called, in the plural. */
  readonly name: string
  readonly texts: TableTexts
}

/** Why the table shows no rows; a context, so that the overlay stays one component. */
export const EmptinessContext: React.Context<Emptiness> = createContext<Emptiness>({
  error: null,
  retry: () => undefined,
  isNarrowed: false,
  clear: null,
  name: 'rows',
  texts: TABLE_TEXTS,
})

/** Stands in the place of rows: the error with a way out, or that there are none. */
export function EmptyOverlay(): JSX.Element {
  const { error, retry, isNarrowed, clear, name, texts } = useContext(EmptinessContext)
  return (
    <Stack sx={{ alignItems: 'center', justifyContent: 'center', height: '100%', p: 2 }}>
      {error === null ? (
        <>
          <Typography sx={{ color: 'text.secondary' }}>
            {isNarrowed ? texts.noMatch(name) : texts.none(name)}
          </Typography>
          {isNarrowed && clear && <Button onClick={clear}>{texts.clearFilters}</Button>}
        </>
      ) : (
        <Alert
          severity="error"
          action={
            <Button color="inherit" size="small" onClick={retry}>
              {texts.retry}
            </Button>
          }
        >
          {error}
        </Alert>
      )}
    </Stack>
  )
}

/** The same within a grid, of which everything is a cell to a screen reader. */
export function EmptyGridOverlay(): JSX.Element {
  return (
    <Box role="row" sx={{ height: '100%' }}>
      <Box role="gridcell" sx={{ height: '100%' }}>
        <EmptyOverlay />
      </Box>
    </Box>
  )
}
