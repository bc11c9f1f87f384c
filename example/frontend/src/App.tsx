import Box from '@mui/material/Box'
import type { JSX } from 'react'
import { Backstage } from './backstage/Backstage'
import { TopBar } from './bar/TopBar'
import { Tickets } from './tickets/Tickets'

/** Fills the window from `md` on: the table takes what bar and backstage leave. Smaller screens scroll. */
export function App(): JSX.Element {
  return (
    <Box sx={{ display: 'flex', flexDirection: 'column', height: { md: '100dvh' } }}>
      <TopBar />
      <Tickets />
      <Backstage />
    </Box>
  )
}
