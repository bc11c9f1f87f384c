import Box from '@mui/material/Box'
import Paper from '@mui/material/Paper'
import type { JSX } from 'react'
import { CustomEvents } from '../backstage/CustomEvents'
import { Wire } from '../backstage/Wire'
import { Page } from './Page'

/** A stream without a model: its handler answers the sender, the stream's subscribers, and everybody. */
export default function Events(): JSX.Element {
  return (
    <Page
      title="Custom events"
      about="Send one from here, with a second window open: what is reflected only you hear, the rest both."
    >
      <Box sx={COLUMNS}>
        <Paper variant="outlined" sx={PANEL}>
          <CustomEvents />
        </Paper>
        <Paper variant="outlined" sx={PANEL}>
          <Wire />
        </Paper>
      </Box>
    </Page>
  )
}

const COLUMNS = {
  display: 'grid',
  flex: 1,
  minHeight: 0,
  gap: 2,
  gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'repeat(2, minmax(0, 1fr))' },
}
const PANEL = { display: 'flex', flexDirection: 'column', minHeight: 0, height: { xs: 320, md: 'auto' }, p: 2, gap: 1 }
