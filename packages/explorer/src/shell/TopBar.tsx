import { useConnection } from '@channels-binding/core/react'
import { ConnectionStatus } from '@channels-binding/mui'
import AppBar from '@mui/material/AppBar'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import Link from '@mui/material/Link'
import { useColorScheme } from '@mui/material/styles'
import Toolbar from '@mui/material/Toolbar'
import Tooltip from '@mui/material/Tooltip'
import Typography from '@mui/material/Typography'
import type { JSX } from 'react'
import { useExplorer } from '../context'
import { DarkIcon, FiguresIcon, FramesIcon, LightIcon, MenuIcon } from '../icons'

const CARRIERS = { ws: 'WebSocket', http: 'HTTP' }

/** What is shown everywhere: the connection, who this is, and the ways to frames and figures. */
export function TopBar(props: {
  readonly onMenu: () => void
  readonly hasFrames: boolean
  readonly onFrames: () => void
}): JSX.Element {
  const { config } = useExplorer()
  const { transport } = useConnection()
  return (
    <AppBar position="static" color="inherit" elevation={0} sx={{ borderBottom: 1, borderColor: 'divider' }}>
      <Toolbar variant="dense" sx={{ gap: { xs: 0.5, sm: 1.5 }, px: { xs: 1, sm: 2 } }}>
        <IconButton aria-label="Streams" onClick={props.onMenu} sx={{ display: { md: 'none' } }}>
          <MenuIcon />
        </IconButton>
        <Link href="#/" underline="none" color="inherit" sx={{ fontWeight: 700, whiteSpace: 'nowrap' }}>
          Explorer
        </Link>
        <ConnectionStatus />
        {transport && (
          <Typography variant="body2" sx={{ color: 'text.secondary', display: { xs: 'none', sm: 'block' } }}>
            {CARRIERS[transport]}
          </Typography>
        )}
        <Box sx={{ flex: 1 }} />
        {config.user && (
          <Typography variant="body2" noWrap sx={{ display: { xs: 'none', sm: 'block' }, maxWidth: 200 }}>
            {config.user}
          </Typography>
        )}
        <Places />
        <Button
          size="small"
          startIcon={<FramesIcon />}
          aria-pressed={props.hasFrames}
          variant={props.hasFrames ? 'contained' : 'text'}
          onClick={props.onFrames}
          sx={COLLAPSING}
        >
          <span>Frames</span>
        </Button>
        <Button size="small" startIcon={<FiguresIcon />} href="#/figures" sx={COLLAPSING}>
          <span>Figures</span>
        </Button>
        <ColorSchemeButton />
      </Toolbar>
    </AppBar>
  )
}

/** On a narrow screen the icon stands alone; the word stays for those who are read to. */
const COLLAPSING = {
  minWidth: 0,
  '& .MuiButton-startIcon': { mr: { xs: 0, sm: 1 }, ml: 0 },
  '& > span:not(.MuiButton-startIcon):not(.MuiTouchRipple-root)': {
    position: { xs: 'absolute', sm: 'static' },
    width: { xs: '1px', sm: 'auto' },
    height: { xs: '1px', sm: 'auto' },
    overflow: { xs: 'hidden', sm: 'visible' },
    clipPath: { xs: 'inset(50%)', sm: 'none' },
  },
}

/** Pages of the project beside this one. */
function Places(): JSX.Element {
  const { config } = useExplorer()
  const places = [['Admin', config.admin] as const, ['API docs', config.docs] as const]
  return (
    <Box sx={{ display: { xs: 'none', lg: 'flex' }, gap: 1.5 }}>
      {places.map(
        ([name, href]) =>
          href && (
            <Link key={name} href={href} variant="body2" sx={{ color: 'text.secondary' }}>
              {name}
            </Link>
          ),
      )}
    </Box>
  )
}

/** Follows the system until it is pressed; Material UI remembers the choice. */
function ColorSchemeButton(): JSX.Element {
  const { mode, systemMode, setMode } = useColorScheme()
  const isDark = (mode === 'system' ? systemMode : mode) === 'dark'
  return (
    <Tooltip title={isDark ? 'Light colours' : 'Dark colours'}>
      <IconButton aria-label="Dark colours" aria-pressed={isDark} onClick={() => setMode(isDark ? 'light' : 'dark')}>
        {isDark ? <LightIcon /> : <DarkIcon />}
      </IconButton>
    </Tooltip>
  )
}
