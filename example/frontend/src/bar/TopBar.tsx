import { ConnectionStatus } from '@channels-binding/mui'
import AppBar from '@mui/material/AppBar'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Toolbar from '@mui/material/Toolbar'
import Typography from '@mui/material/Typography'
import type { JSX } from 'react'
import { WindowIcon } from '../icons'
import { Account } from './Account'
import { ColorSchemeButton } from './ColorSchemeButton'
import { DisplayMenu } from './DisplayMenu'
import { Logo } from './Logo'
import { TrafficSwitch } from './TrafficSwitch'

/** One line where there is room; on small screens, the switch gets a line of its own. */
export function TopBar(): JSX.Element {
  return (
    <AppBar position="static" color="default" elevation={0} sx={BAR}>
      <Toolbar sx={{ flexWrap: 'wrap', columnGap: { xs: 0.5, sm: 2 }, py: 0.5 }}>
        <Logo />
        <Typography component="h1" variant="h6" noWrap sx={TITLE}>
          Help desk
        </Typography>
        <Box sx={{ '& .MuiButton-root': { display: { xs: 'none', sm: 'inline-flex' } } }}>
          <ConnectionStatus />
        </Box>
        <Box sx={{ ml: 'auto', order: { xs: 1, lg: 0 }, width: { xs: '100%', lg: 'auto' } }}>
          <TrafficSwitch />
        </Box>
        <Box sx={{ display: 'flex', alignItems: 'center', columnGap: { xs: 0, sm: 1 }, ml: { xs: 'auto', lg: 0 } }}>
          <Button
            size="small"
            startIcon={<WindowIcon />}
            onClick={openSecondWindow}
            sx={{ display: { xs: 'none', md: 'flex' } }}
          >
            Open a second window
          </Button>
          <ColorSchemeButton />
          <DisplayMenu />
          <Account />
        </Box>
      </Toolbar>
    </AppBar>
  )
}

/** On a telephone there is room for it beside the longest status. */
const TITLE = { flex: { xs: '1 1 0', sm: '0 0 auto' }, fontSize: { xs: '1rem', sm: '1.25rem' } }
const BAR = { bgcolor: 'background.paper', borderBottom: 1, borderColor: 'divider' }

const openSecondWindow = (): void => {
  window.open(window.location.href, '_blank', `popup,width=${window.innerWidth},height=${window.innerHeight}`)
}
